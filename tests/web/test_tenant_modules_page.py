"""What one tenant has: assigned, applied with a preview, taken away, configured, and seen on its own page."""

import re
from uuid import uuid4

import pytest
from playwright.async_api import Locator, Page, expect

from tests.support.api_client import Api
from tests.web.conftest import NewPerson
from tests.web.person import Person

SCHEMA = {
    "type": "object",
    "properties": {
        "currency": {"type": "string", "minLength": 3, "title": "Currency"},
        "digits": {"type": "integer", "title": "Digits"},
    },
}


@pytest.fixture
def word() -> str:
    """Begins the names of one test's modules alone."""
    return f"W{uuid4().hex[:8]}"


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("listitem", name=name, exact=True)


async def at_modules(page: Page, organization_id: str, search: str = "") -> None:
    await page.goto(f"/super-admin/tenants/{organization_id}/modules{search}")


async def test_several_modules_are_assigned_at_once_and_undone(person: Person, admin: Api, word: str) -> None:
    page = person.page
    one, two, off = (admin.module(module_name=f"{word} {name}") for name in ("One", "Two", "Off"))
    admin.decided(f"/module-registry/{off}/deactivate", None)
    tenant = admin.organization(organization_name=f"{word} Inc")
    await at_modules(page, tenant)
    await page.get_by_role("button", name="Assign modules").click()
    dialog = page.get_by_role("dialog", name=f"Assign modules to {word} Inc")
    await dialog.get_by_label("Find a module").fill(word)
    await expect(dialog.get_by_role("checkbox", name=f"{word} Off")).to_be_disabled()
    await expect(dialog.get_by_text("Module inactive")).to_be_visible()
    await dialog.get_by_role("checkbox", name=f"{word} One").check()
    await dialog.get_by_role("checkbox", name=f"{word} Two").check()
    assert await person.barriers() == []
    await dialog.get_by_role("button", name="Assign 2 modules").click()
    await expect(page.get_by_text(f"{word} One and {word} Two assigned to {word} Inc")).to_be_visible()
    by_hand = row(page, f"{word} One").get_by_role("list", name="Why it is here")
    await expect(by_hand).to_have_text(re.compile(r"^by hand, You, \w{3} \d{1,2}"))
    assert admin.modules_of(tenant).keys() == {one, two}
    await page.get_by_role("button", name="Undo").click()
    await expect(page.get_by_role("heading", name="No modules yet")).to_be_visible()
    assert admin.modules_of(tenant) == {}


async def test_a_template_is_applied_as_previewed_or_shown_anew(person: Person, admin: Api, word: str) -> None:
    page = person.page
    new, there, old = (admin.module(module_name=f"{word} {name}") for name in ("New", "There", "Old"))
    first = admin.industry([old], industry_name=f"{word} First")
    second = admin.industry([new, there], industry_name=f"{word} Second")
    tenant = admin.organization(first, organization_name=f"{word} Inc")
    admin.decided(f"/modules/assign/{tenant}", {"module_id": there})
    await at_modules(page, tenant)
    await page.get_by_role("button", name="From a template").click()
    await page.get_by_role("menuitem", name="Apply a template…").click()
    dialog = page.get_by_role("dialog", name=f"Apply a template to {word} Inc")
    await dialog.get_by_role("combobox", name="Template").fill(f"{word} Second")
    await page.get_by_role("option", name=f"{word} Second").click()
    await dialog.get_by_text("Replace", exact=True).click()
    groups = {
        name: dialog.get_by_role("region", name=name, exact=True) for name in ("Added", "Source added", "Removed")
    }
    await expect(groups["Added"]).to_contain_text(f"{word} New")
    await expect(groups["Source added"]).to_contain_text(f"{word} There")
    await expect(groups["Removed"]).to_contain_text(f"{word} Old")
    assert await person.barriers() == []
    admin.decided(f"/modules/assign/{tenant}", {"module_id": new})
    await dialog.get_by_role("button", name="Apply", exact=True).click()
    await expect(dialog.get_by_role("alert")).to_contain_text(f"{word} New: added → source added")
    assert old in admin.modules_of(tenant)
    await expect(groups["Source added"]).to_contain_text(f"{word} New")
    await dialog.get_by_role("button", name="Apply", exact=True).click()
    await expect(page.get_by_text(f"{word} Second v1 applied to {word} Inc")).to_be_visible()
    assert admin.modules_of(tenant).keys() == {new, there}
    assert admin.get(f"/organizations/{tenant}").json()["industry_code"] == second


async def test_some_modules_of_a_template_are_assigned_as_part_of_it(person: Person, admin: Api, word: str) -> None:
    page = person.page
    want, leave = (admin.module(module_name=f"{word} {name}") for name in ("Want", "Leave"))
    industry = admin.industry([want, leave], industry_name=f"{word} Shops")
    tenant = admin.organization(organization_name=f"{word} Inc")
    await at_modules(page, tenant, "?open=part")
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("combobox", name="Template").fill(f"{word} Shops")
    await page.get_by_role("option", name=f"{word} Shops").click()
    await dialog.get_by_role("checkbox", name=f"{word} Want").check()
    await dialog.get_by_role("button", name="Assign 1 module").click()
    await expect(row(page, f"{word} Want")).to_contain_text(f"{word} Shops v1")
    (held,) = admin.modules_of(tenant).values()
    assert [source["industry_code"] for source in held["sources"]] == [industry]


async def test_unassigning_is_undone_with_config_and_what_is_required_needs_a_reason(
    person: Person, admin: Api, word: str
) -> None:
    page = person.page
    module = admin.module(module_name=f"{word} Till")
    industry = admin.industry([{"module_id": module, "is_required": True}], industry_name=f"{word} Shops")
    tenant = admin.organization(industry, organization_name=f"{word} Inc")
    admin.patch(f"/organizations/{tenant}/modules/{module}", {"drawer": 2})
    before = admin.modules_of(tenant)[module]
    await at_modules(page, tenant)
    await expect(row(page, f"{word} Till")).to_contain_text(f"{word} Shops v1 · required")
    await page.get_by_role("button", name=f"Unassign {word} Till").click()
    dialog = page.get_by_role("dialog", name=f"Unassign {word} Till")
    await expect(dialog.get_by_role("alert")).to_contain_text(f"required by {word} Shops")
    unassign = dialog.get_by_role("button", name="Unassign")
    await dialog.get_by_label("Unassign it all the same").check()
    await expect(unassign).to_be_disabled()
    assert await person.barriers() == []
    await dialog.get_by_label("Reason").fill("They closed the shop")
    await unassign.click()
    await expect(page.get_by_text(f"{word} Till unassigned from {word} Inc")).to_be_visible()
    assert admin.modules_of(tenant) == {}
    events = admin.get(f"/events?organization_id={tenant}&type=tenant.module.unassigned").json()["items"]
    assert [event["reason"] for event in events] == ["They closed the shop"]
    newer = {"modules": [{"module_id": module, "is_required": True, "default_config": {"drawer": 9}}]}
    assert admin.patch(f"/industries/{industry}", newer).json()["version"] == 2
    await page.get_by_role("button", name="Undo").click()
    await expect(row(page, f"{word} Till")).to_contain_text(f"{word} Shops v1 · required")
    assert admin.modules_of(tenant)[module] == before

    # Again, and taken back where the log tells of it.
    assert admin.post(f"/modules/unassign/{tenant}/{module}?force=true").status_code == 200
    await page.goto(f"/super-admin/audit?organization={tenant}&type=tenant.module.unassigned")
    article = page.get_by_role("article").first
    await article.get_by_role("button", name="Show details").click()
    await article.get_by_role("button", name="Undo this").click()
    asking = page.get_by_role("dialog")
    await expect(asking).to_contain_text("from the same templates")
    await asking.get_by_role("button", name="Undo this").click()
    await expect(page.get_by_text("Undone.")).to_be_visible()
    assert admin.modules_of(tenant)[module] == before


async def save(page: Page) -> None:
    await page.get_by_role("button", name="Review changes").click()
    await page.get_by_role("button", name="Save").click()


async def test_a_config_is_edited_with_its_difference_shown_and_undone(person: Person, admin: Api, word: str) -> None:
    page = person.page
    module = admin.module(
        module_name=f"{word} Till", config_schema=SCHEMA, default_config={"currency": "EUR", "digits": 2}
    )
    tenant = admin.organization(organization_name=f"{word} Inc")
    admin.decided(f"/modules/assign/{tenant}", {"module_id": module})
    await at_modules(page, tenant)
    await page.get_by_role("button", name=f"Configure {word} Till").click()
    await expect(page).to_have_url(re.compile(f"module={module}"))
    drawer = page.get_by_role("dialog")
    await expect(drawer.get_by_text("Module default").first).to_be_visible()
    await drawer.get_by_label("Currency", exact=True).fill("CHF")
    await expect(drawer.get_by_role("button", name="Use default: Currency")).to_be_visible()
    assert await person.barriers() == []
    await drawer.get_by_role("button", name="Review changes").click()
    await expect(drawer.get_by_role("row", name=re.compile("currency"))).to_contain_text('"EUR"')
    await drawer.get_by_role("button", name="Save").click()
    await expect(page.get_by_text(f"Config of {word} Till saved for {word} Inc")).to_be_visible()
    assert admin.modules_of(tenant)[module]["own_config"] == {"currency": "CHF"}
    await expect(row(page, f"{word} Till")).to_contain_text("1 of 2 values differs from default")
    await page.get_by_role("button", name="Undo").click()
    await expect(row(page, f"{word} Till")).to_contain_text("2 values, all default")
    assert admin.modules_of(tenant)[module]["own_config"] == {}


async def test_two_who_edit_one_config_choose_value_by_value(
    person: Person, new_person: NewPerson, admin: Api, word: str
) -> None:
    module = admin.module(
        module_name=f"{word} Till", config_schema=SCHEMA, default_config={"currency": "EUR", "digits": 2}
    )
    tenant = admin.organization(organization_name=f"{word} Inc")
    admin.decided(f"/modules/assign/{tenant}", {"module_id": module})
    async with new_person() as other:
        for each in (person, other):
            await at_modules(each.page, tenant, f"?module={module}")
            await each.page.get_by_label("Currency", exact=True).fill("CHF" if each is other else "USD")
        await other.page.get_by_label("Digits", exact=True).fill("4")
        await save(other.page)
        await expect(other.page.get_by_text(f"Config of {word} Till saved")).to_be_visible()
    page = person.page
    await save(page)
    await expect(page.get_by_role("alert")).to_contain_text("Somebody else saved first")
    currency = page.get_by_role("region", name="/currency")
    await expect(currency).to_contain_text('"CHF"')
    await expect(currency).to_contain_text('"USD"')
    assert await person.barriers() == []
    await page.get_by_role("button", name="Go on with these").click()
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text(f"Config of {word} Till saved")).to_be_visible()
    assert admin.modules_of(tenant)[module]["own_config"] == {"currency": "USD", "digits": 4}


async def test_the_tenant_page_shows_modules_drift_and_activity_without_barriers(
    person: Person, admin: Api, word: str
) -> None:
    page = person.page
    module, extra = (admin.module(module_name=f"{word} {name}") for name in ("Till", "Extra"))
    industry = admin.industry([module], industry_name=f"{word} Shops")
    tenant = admin.organization(industry, organization_name=f"{word} Inc")
    admin.decided(f"/modules/assign/{tenant}", {"module_id": extra})
    await page.goto(f"/super-admin/tenants/{tenant}")
    await expect(page.get_by_role("heading", name=f"{word} Inc")).to_be_visible()
    await expect(page.get_by_text(f"Beyond the template: {word} Extra")).to_be_visible()
    await expect(page.get_by_role("list", name="Activity").get_by_role("listitem").first).to_be_visible()
    tabs = {"Overview": "Drift from its template", "Modules": f"{word} Till", "Activity": f"{word} Extra"}
    for tab, text in tabs.items():
        await page.get_by_role("tab", name=tab).click()
        await expect(page.get_by_text(text, exact=True).first).to_be_visible()
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme)
            assert await person.violations() == []
    await page.get_by_role("button", name="Suspend").click()
    await expect(page.get_by_text(f"{word} Inc suspended")).to_be_visible()
    await page.get_by_role("button", name="Undo").click()
    await expect(page.get_by_text("Undone.")).to_be_visible()
    assert admin.get(f"/organizations/{tenant}").json()["status"] == "active"


async def test_what_a_suspended_tenant_has_is_taken_away_and_no_undo_is_promised(
    person: Person, admin: Api, word: str
) -> None:
    page = person.page
    module = admin.module(module_name=f"{word} Till")
    tenant = admin.organization(organization_name=f"{word} Inc")
    assert admin.post(f"/modules/assign/{tenant}", {"module_id": module}).status_code == 200
    assert admin.post(f"/organizations/{tenant}/suspend").status_code == 200
    await at_modules(page, tenant)
    await expect(row(page, f"{word} Till")).to_contain_text("tenant suspended")
    await page.get_by_role("button", name=f"Unassign {word} Till").click()
    await expect(page.get_by_text(f"{word} Till unassigned from {word} Inc")).to_be_visible()
    await expect(page.get_by_role("button", name="Undo")).to_have_count(0)
    assert admin.modules_of(tenant) == {}
    assert admin.delete(f"/module-registry/{module}").status_code == 200


async def test_a_part_is_chosen_from_the_version_that_the_tenant_has_and_a_config_left_out_is_told(
    person: Person, admin: Api, word: str
) -> None:
    page = person.page
    till, vase, newest = (admin.module(module_name=f"{word} {name}") for name in ("Till", "Vase", "Newest"))
    entries = [{"module_id": one, "is_required": False} for one in (till, vase)]
    industry = admin.industry(entries, industry_name=f"{word} Shops")
    tenant = admin.organization(industry, organization_name=f"{word} Inc")
    assert admin.patch(f"/organizations/{tenant}/modules/{vase}", {"old": 1}).status_code == 200
    assert admin.post(f"/modules/unassign/{tenant}/{vase}").status_code == 200
    strict = {"config_schema": {"type": "object", "additionalProperties": False}}
    assert admin.patch(f"/module-registry/{vase}", strict).status_code == 200
    newer = {"modules": [*entries, {"module_id": newest, "is_required": False}]}
    assert admin.patch(f"/industries/{industry}", newer).json()["version"] == 2
    await at_modules(page, tenant, "?open=part")
    dialog = page.get_by_role("dialog", name=f"Assign modules of a template to {word} Inc")
    await dialog.get_by_role("combobox", name="Template").fill(f"{word} Shops")
    await page.get_by_role("option", name=f"{word} Shops").click()
    await expect(dialog.get_by_text("Only in version 2: apply it first")).to_be_visible()
    await dialog.get_by_role("button", name="All", exact=True).click()
    await dialog.get_by_role("button", name="Assign 1 module").click()
    await expect(page.get_by_text(f"The config kept of {word} Vase no longer fits and was left out.")).to_be_visible()
    held = admin.modules_of(tenant)[vase]
    assert ([source["version"] for source in held["sources"]], held["own_config"]) == ([1], {})
