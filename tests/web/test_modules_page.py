"""The registry in a browser: found, added, edited, switched and deleted, by pointer and by keyboard."""

import json
import re
from uuid import uuid4

from playwright.async_api import Locator, Page, expect

from tests.support.api_client import Api
from tests.web.conftest import NewPerson
from tests.web.person import Person

MODULES = "/super-admin/modules"
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"retention_days": {"title": "Days kept", "type": "integer", "minimum": 1}},
}


def fresh(word: str) -> str:
    """A name nobody has."""
    return f"{word} {uuid4().hex[:8]}"


def dialog(page: Page, name: str) -> Locator:
    return page.get_by_role("dialog", name=name)


async def test_a_module_is_added_with_its_icon_and_the_schema_of_its_config(page: Page, admin: Api) -> None:
    name = fresh("Night archive")
    code = name.lower().replace(" ", "_")
    await page.goto(MODULES)
    await page.get_by_role("button", name="Add module").click()
    form = dialog(page, "Add a module")
    await form.get_by_label("Name").fill(name)
    await expect(form.get_by_label("Code")).to_have_value(code)
    await form.get_by_label("Category").fill("Archives")
    await form.get_by_label("Service").fill("archive-service")
    await form.get_by_label("Endpoint").fill("/api/v1/archive")
    await form.get_by_role("button", name="Icon: First letter").click()
    await page.get_by_label("Search icons").fill("archive")
    await page.keyboard.press("Enter")
    await expect(form.get_by_role("button", name="Icon: archive")).to_be_visible()
    await form.get_by_label("Permissions").fill("archive.read")
    await page.keyboard.press("Enter")
    await form.get_by_role("textbox", name="Config schema").fill(json.dumps(SCHEMA))
    sample = form.get_by_role("region", name="How its form looks")
    await expect(sample.get_by_label("Days kept")).to_be_visible()
    defaults = form.get_by_role("group", name="Default config")
    await defaults.get_by_text("Form", exact=True).click()
    await defaults.get_by_label("Days kept").fill("30")
    await form.get_by_role("button", name="Add module").click()
    await expect(dialog(page, name)).to_be_visible()
    await expect(page).to_have_url(re.compile(f"module={code}"))
    made = admin.get(f"/module-registry/{code}").json()
    assert (made["module_name"], made["category"], made["config_schema"]) == (name, "Archives", SCHEMA)
    assert made["metadata"] == {"icon": "archive", "permissions": ["archive.read"]}
    assert made["default_config"] == {"retention_days": 30}


async def test_codes_are_judged_while_they_are_typed(page: Page, admin: Api) -> None:
    taken, deleted = admin.module(module_name="Taken"), admin.module()
    assert admin.delete(f"/module-registry/{deleted}").status_code == 200
    await page.goto(f"{MODULES}?form=new")
    code = dialog(page, "Add a module").get_by_label("Code")
    await code.fill(taken)
    await expect(page.get_by_text("Taken by Taken.")).to_be_visible()
    await code.fill("9 lives")
    await expect(page.get_by_text("Begin with a letter")).to_be_visible()
    await code.fill(deleted)
    await expect(page.get_by_text("Adding it revives it")).to_be_visible()


async def test_a_schema_of_an_earlier_dialect_makes_a_form_that_misses_what_nobody_can_add(
    page: Page, admin: Api
) -> None:
    charts = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "https://charts.example/values.schema.json",
        "properties": {
            "image": {"$ref": "values.schema.json#/definitions/image"},
            "steps": {"title": "Steps", "type": "array", "items": {"$ref": "#/definitions/image"}},
        },
        "definitions": {
            "image": {
                "type": "object",
                "required": ["name"],
                "properties": {"name": {"title": "Its name", "type": "string"}},
            }
        },
    }
    module = admin.module(module_name=fresh("Chart"), config_schema=charts, default_config={"image": {}})
    await page.goto(f"{MODULES}?module={module}&form=edit")
    form = page.get_by_role("dialog")
    defaults = form.get_by_role("group", name="Default config")
    await defaults.get_by_role("button", name="Add an item").wait_for()
    await expect(defaults.get_by_label("Its name")).to_have_count(1)
    await expect(defaults.get_by_text("is required")).to_have_count(0)
    await defaults.get_by_role("button", name="Add an item").click()
    # said at its field, and there alone
    await expect(defaults.get_by_text("is required")).to_have_count(1)
    await form.get_by_role("button", name="Save").click()
    await expect(defaults.get_by_label("Its name").last).to_be_focused()
    await defaults.get_by_label("Its name").last.fill("first")
    await form.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("was saved.")).to_be_visible()
    assert admin.get(f"/module-registry/{module}").json()["default_config"]["steps"] == [{"name": "first"}]


async def test_who_saves_second_keeps_the_input_and_chooses_field_by_field(
    page: Page, new_person: NewPerson, admin: Api
) -> None:
    module = admin.module(module_name=fresh("Contested"), version="1.0.0")
    address = f"{MODULES}?module={module}&form=edit"
    await page.goto(address)
    mine = page.get_by_role("dialog")
    await mine.get_by_label("Version").fill("2.0.0")
    await mine.get_by_label("Description").fill("Mine alone")
    async with new_person() as other:
        await other.page.goto(address)
        theirs = other.page.get_by_role("dialog")
        await theirs.get_by_label("Version").fill("3.0.0")
        await theirs.get_by_label("Category").fill("Theirs")
        await theirs.get_by_role("button", name="Save").click()
        await expect(other.page.get_by_text("was saved.")).to_be_visible()
    await mine.get_by_role("button", name="Save").click()
    await expect(mine.get_by_text("Somebody else saved first")).to_be_visible()
    await expect(mine.get_by_text("Taken over, as you had not changed it: Category.")).to_be_visible()
    await expect(mine.get_by_label("Version", exact=False).first).to_be_visible()
    await expect(mine.get_by_role("textbox", name="Version")).to_have_value("2.0.0")
    await mine.get_by_role("button", name="Take theirs: Version").click()
    await expect(mine.get_by_role("textbox", name="Version")).to_have_value("3.0.0")
    await mine.get_by_role("button", name="Keep yours: Version").click()
    await mine.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("was saved.")).to_be_visible()
    now = admin.get(f"/module-registry/{module}").json()
    assert (now["version"], now["category"], now["description"]) == ("2.0.0", "Theirs", "Mine alone")


async def test_deactivating_says_first_whom_it_concerns_and_can_be_undone(page: Page, admin: Api) -> None:
    name = fresh("Switchable")
    module = admin.module(module_name=name)
    code = admin.industry([{"module_id": module, "is_required": True}])
    admin.organization(code)
    await page.goto(f"{MODULES}?q={module}")
    await page.get_by_role("switch", name=f"{name} is active").click(force=True)
    asked = dialog(page, f"Deactivate {name}?")
    await expect(asked.get_by_text("1 tenant keeps it assigned, but it stops being effective.")).to_be_visible()
    await expect(asked.get_by_role("link", name=f"Industry {code}")).to_be_visible()
    await asked.get_by_role("button", name="Deactivate").click()
    switch = page.get_by_role("switch", name=f"{name} is active")
    await expect(page.get_by_text(f"{name} is inactive.")).to_be_visible()
    await expect(switch).not_to_be_checked()
    assert not admin.get(f"/module-registry/{module}").json()["is_active"]
    await page.get_by_role("button", name="Undo").click()
    await expect(switch).to_be_checked()
    assert admin.get(f"/module-registry/{module}").json()["is_active"]
    await page.goto(f"{MODULES}?module={module}&tab=templates")
    drawer = dialog(page, name)
    await expect(drawer.get_by_role("row", name=f"Industry {code}")).to_contain_text("required")
    await drawer.get_by_role("tab", name="Activity").click()
    await expect(page).to_have_url(re.compile("tab=activity"))
    await expect(drawer.get_by_text(f"You deactivated {name} everywhere")).to_be_visible()


async def test_a_switch_that_is_refused_tells_why(page: Page, admin: Api) -> None:
    name = fresh("Gone meanwhile")
    module = admin.module(module_name=name, is_active=False)
    # Nobody tells the page what happens to the module.
    await page.route("**/events/stream*", lambda route: route.abort())
    await page.goto(f"{MODULES}?q={module}")
    switch = page.get_by_role("switch", name=f"{name} is active")
    await expect(switch).not_to_be_checked()
    assert admin.delete(f"/module-registry/{module}").status_code == 200
    await switch.click()
    refusal = page.get_by_role("alert").filter(has_text=module)
    await expect(refusal).to_be_visible()
    await expect(refusal.get_by_role("button", name=re.compile("^Copy: "))).to_be_visible()
    await expect(switch).to_have_count(0)


async def test_only_what_nobody_has_is_deleted_once_its_code_is_typed(page: Page, admin: Api) -> None:
    used, unused = admin.module(module_name=fresh("Used")), admin.module(module_name=fresh("Unused"))
    admin.organization(admin.industry([used]))

    async def asked_to_delete(module: str) -> Locator:
        await page.goto(f"{MODULES}?q={module}")
        await page.get_by_role("button", name=re.compile("^Actions for")).click()
        await page.get_by_role("menuitem", name="Delete").click()
        return page.get_by_role("dialog")

    asked = await asked_to_delete(used)
    await expect(asked.get_by_text("It is in use by 1 tenant and 1 active template")).to_be_visible()
    await expect(asked.get_by_role("button", name="Delete")).to_have_count(0)
    await asked.get_by_role("link", name="Show the tenants").click()
    await expect(page.get_by_role("table", name="Used by").get_by_role("link", name="Acme")).to_be_visible()
    asked = await asked_to_delete(unused)
    button = asked.get_by_role("button", name="Delete")
    await expect(button).to_be_disabled()
    await asked.get_by_label(f"Type {unused} to confirm").fill(unused)
    await button.click()
    await expect(page.get_by_text("was deleted.")).to_be_visible()
    assert admin.get(f"/module-registry/{unused}").status_code == 404


async def test_filters_are_part_of_the_address_and_survive_a_reload(page: Page, admin: Api) -> None:
    category = fresh("Category")
    one, other = (admin.module(module_name=fresh("Filtered"), category=category) for _ in range(2))
    await page.goto(MODULES)
    await page.get_by_role("search", name="Filters").get_by_role("button", name="Category", exact=True).click()
    await page.get_by_role("option", name=category).click()
    rows = page.get_by_role("table", name="Modules").get_by_role("link")
    await expect(rows).to_have_count(2)
    await page.get_by_label("Search modules").fill(one)
    await expect(rows).to_have_count(1)
    await expect(page).to_have_url(re.compile(one))
    await page.reload()
    await expect(page.get_by_role("button", name=f"Category: {category}")).to_be_visible()
    await expect(page.get_by_label("Search modules")).to_have_value(one)
    await expect(rows).to_have_count(1)
    await expect(page.get_by_text(other)).to_have_count(0)
    await page.get_by_label("Search modules").fill("nothing has this name")
    await expect(page).to_have_url(re.compile("nothing"))
    await page.get_by_role("button", name="Clear filters").last.click()
    await expect(page).to_have_url(re.compile(f"{MODULES}$"))


async def test_hands_that_stay_on_the_keyboard_find_open_and_close(page: Page, admin: Api) -> None:
    word = uuid4().hex[:8]
    for place in ("first", "second"):
        admin.module(module_name=f"{word} {place}")
    await page.goto(MODULES)
    await expect(page.get_by_role("table", name="Modules")).to_be_visible()
    await page.keyboard.press("/")
    await page.keyboard.type(word)
    links = page.get_by_role("table", name="Modules").get_by_role("link")
    await expect(links).to_have_count(2)
    await links.first.focus()
    await page.keyboard.press("ArrowDown")
    await expect(links.last).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(dialog(page, f"{word} second")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await page.keyboard.press("n")
    await expect(dialog(page, "Add a module").get_by_label("Name")).to_be_focused()
    await page.keyboard.type("Unsaved")
    await page.keyboard.press("Escape")
    await expect(dialog(page, "Discard your changes?")).to_be_visible()


async def test_list_drawer_and_form_break_no_accessibility_rule(person: Person, admin: Api) -> None:
    module = admin.module(config_schema=SCHEMA, default_config={"retention_days": 7})
    page = person.page
    for address in (MODULES, f"{MODULES}?module={module}&tab=config", f"{MODULES}?module={module}&form=edit"):
        await page.goto(address)
        await expect(page.get_by_role("table", name="Modules", include_hidden=True)).to_be_visible()
        if "module=" in address:
            await expect(page.get_by_role("dialog").get_by_text("Days kept").first).to_be_visible()
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme)
            assert await person.violations() == []
