"""The super admin's main job in a browser, in one go: from a module nobody knew to a tenant that has it no longer."""

import re
from uuid import uuid4

from playwright.async_api import Page, expect

from tests.support.api_client import Api
from tests.web.person import Person


async def test_a_module_goes_from_the_registry_through_a_template_to_a_tenant_and_out_of_effect(
    person: Person, admin: Api
) -> None:
    page, name = person.page, f"Route planner {uuid4().hex[:8]}"
    code = name.lower().replace(" ", "_")
    industry = admin.industry([], industry_name=f"Couriers {uuid4().hex[:8]}")
    tenant = admin.organization(organization_name="Fleet Inc")

    await register(page, name)
    await put_into_template(page, industry, name)
    await apply(page, tenant, str(admin.get(f"/industries/{industry}").json()["industry_name"]), name)
    await configure(page, name)
    (item,) = admin.modules_of(tenant).values()
    assert (item["module_id"], item["config"], item["effective"]) == (code, {"stops": 12}, True)

    await page.goto(f"/super-admin/modules?q={code}")
    await page.get_by_role("switch", name=f"{name} is active").click(force=True)
    await page.get_by_role("dialog").get_by_role("button", name="Deactivate").click()
    await expect(page.get_by_role("switch", name=f"{name} is active")).not_to_be_checked()
    assert [item["effective"] for item in admin.modules_of(tenant).values()] == [False]
    await page.goto(f"/super-admin/tenants/{tenant}/modules")
    await expect(page.get_by_role("listitem", name=name, exact=True)).to_contain_text("Module inactive")
    await page.goto(f"/super-admin/audit?module={code}")
    for told in ("You registered", "You deactivated"):
        await expect(page.get_by_role("article").filter(has_text=f"{told} {name}").first).to_be_visible()


async def register(page: Page, name: str) -> None:
    await page.goto("/super-admin/modules")
    await page.get_by_role("button", name="Add module").click()
    form = page.get_by_role("dialog", name="Add a module")
    for label, text in {"Name": name, "Category": "Routes", "Service": "routes", "Endpoint": "/api/v1/routes"}.items():
        await form.get_by_label(label).fill(text)
    await form.get_by_role("button", name="Add module").click()
    await expect(page.get_by_role("dialog", name=name)).to_be_visible()


async def put_into_template(page: Page, industry: str, name: str) -> None:
    await page.goto(f"/super-admin/industries/{industry}")
    await page.get_by_role("button", name="Add modules").first.click()
    picker = page.get_by_role("dialog")
    await picker.get_by_role("searchbox").fill(name)
    await picker.get_by_role("checkbox", name=name).check()
    await picker.get_by_role("button", name=re.compile("^Add 1")).click()
    await expect(page.get_by_role("region", name="What a new tenant gets")).to_contain_text(name)
    await page.get_by_role("button", name="Save…").click()
    await page.get_by_role("dialog").get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_text("saved as version 2")).to_be_visible()


async def apply(page: Page, tenant: str, template: str, name: str) -> None:
    await page.goto(f"/super-admin/tenants/{tenant}/modules")
    await page.get_by_role("button", name="From a template").click()
    await page.get_by_role("menuitem", name="Apply a template…").click()
    dialog = page.get_by_role("dialog", name="Apply a template to Fleet Inc")
    await dialog.get_by_role("combobox", name="Template").fill(template)
    await page.get_by_role("option", name=template).click()
    await expect(dialog.get_by_role("region", name="Added", exact=True)).to_contain_text(name)
    await dialog.get_by_role("button", name="Apply", exact=True).click()
    await expect(page.get_by_text(f"{template} v2 applied to Fleet Inc")).to_be_visible()


async def configure(page: Page, name: str) -> None:
    await page.get_by_role("button", name=f"Configure {name}").click()
    drawer = page.get_by_role("dialog")
    await drawer.get_by_role("textbox").first.fill('{"stops": 12}')
    await drawer.get_by_role("button", name="Review changes").click()
    await drawer.get_by_role("button", name="Save").click()
    await expect(page.get_by_text(f"Config of {name} saved for Fleet Inc")).to_be_visible()
