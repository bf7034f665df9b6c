"""What one person does is on the others' screens by itself."""

from uuid import uuid4

from playwright.async_api import expect

from tests.support.api_client import Api, new_tenant
from tests.support.service_process import ServiceProcess
from tests.web.conftest import NewPerson


async def test_a_change_in_another_tab_appears_by_itself(new_person: NewPerson, admin: Api) -> None:
    module = admin.module(module_name="Seen in both tabs")
    address = f"/super-admin/audit?module={module}"
    async with new_person() as person:
        other = await person.page.context.new_page()
        await person.page.goto(address)
        await other.goto(f"{address}&live=true")
        await expect(other.get_by_role("article")).to_have_count(1)
        admin.post(f"/module-registry/{module}/deactivate")
        await person.page.get_by_role("button", name="1 new").click()
        await expect(other.get_by_role("article")).to_have_count(2)

        # Undone in one tab, it stands in the other.
        first = person.page.get_by_role("article").filter(has_text="deactivated")
        await first.get_by_role("button", name="Show details").click()
        await first.get_by_role("button", name="Undo this").click()
        await person.page.get_by_role("dialog").get_by_role("button", name="Undo this").click()
        await expect(other.get_by_role("article").filter(has_text="You activated Seen in both tabs")).to_be_visible()
        assert person.complaints == []


async def test_deactivating_a_module_is_seen_everywhere_at_once(
    new_person: NewPerson, admin: Api, service: ServiceProcess
) -> None:
    name = f"Ledger {uuid4().hex[:8]}"
    module = admin.module(module_name=name)
    industry = admin.industry([module])
    tenant = new_tenant(service.url, industry)
    async with new_person() as person, new_person(signed_in=False) as visitor:
        audit = person.page
        await audit.goto(f"/super-admin/audit?module={module}&live=true")
        await visitor.page.goto(f"/signup?industry={industry}")
        offered = visitor.page.get_by_role("listitem").filter(has_text=name)
        await expect(offered).to_be_visible()
        assert [item["effective"] for item in modules_of(tenant.admin, tenant.id)] == [True]

        admin.post(f"/module-registry/{module}/deactivate")

        assert [item["effective"] for item in modules_of(tenant.admin, tenant.id)] == [False]
        await expect(audit.get_by_role("article").filter(has_text=f"You deactivated {name} everywhere")).to_be_visible()
        await visitor.page.reload()
        await expect(offered).to_contain_text("Not available at present, left out")


def modules_of(api: Api, organization: str) -> list[dict[str, object]]:
    items: list[dict[str, object]] = api.get(f"/organizations/{organization}/modules").json()["items"]
    return items
