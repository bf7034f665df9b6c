"""Industry templates in the UI: made, filled, ordered, saved as versions, and edited by two at once."""

import re
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from playwright.async_api import Page, expect

from tests.support.api_client import Api
from tests.web.conftest import NewPerson
from tests.web.person import Person


def modules(admin: Api, count: int) -> Sequence[tuple[str, str]]:
    """Modules of their own names: id and name of each."""
    made = []
    for _ in range(count):
        name = f"Module {uuid4().hex[:8]}"
        made.append((admin.module(module_name=name), name))
    return made


def template(admin: Api, *module_ids: str) -> str:
    """A template that requires these modules; returns its code, which its name holds."""
    code = f"i_{uuid4().hex[:12]}"
    listed = [{"module_id": module_id, "is_required": True} for module_id in module_ids]
    body = {"industry_code": code, "industry_name": f"Industry {code}", "modules": listed}
    assert admin.decided("/industries", body).status_code == 201
    return code


def saved(admin: Api, code: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = admin.get(f"/industries/{code}/modules").json()["items"]
    return items


async def names_in(page: Page, label: str) -> list[str]:
    """The first line of each item of the list."""
    rows = page.get_by_role("list", name=label).get_by_role("listitem")
    return [next(line for line in text.splitlines() if len(line) > 1) for text in await rows.all_inner_texts()]


ORDER = "Modules, in the order tenants see them"
GETS = "What a new tenant gets"


async def test_a_template_is_made_filled_and_ordered_by_keyboard_and_a_signup_gets_what_its_preview_said(
    person: Person, admin: Api
) -> None:
    page, code = person.page, f"i_{uuid4().hex[:12]}"
    listed = modules(admin, 3)
    (first, first_name), (second, second_name), (third, third_name) = listed
    await page.goto("/super-admin/industries")
    await page.get_by_role("button", name="New industry").click()
    await page.get_by_label("Name", exact=True).fill(f"Industry {code}")
    await page.get_by_label("Code", exact=True).fill(code)
    await page.get_by_role("button", name="Create", exact=True).click()
    await page.wait_for_url(f"**/super-admin/industries/{code}")

    await page.get_by_role("button", name="Add modules").first.click()
    dialog = page.get_by_role("dialog", name="Add modules")
    for _, name in listed:
        await dialog.get_by_role("searchbox").fill(name)
        await dialog.get_by_role("checkbox", name=name).check()
    await dialog.get_by_role("button", name="Add 3 modules").click()
    await expect(dialog).to_be_hidden()
    await page.get_by_role("switch", name=f"{third_name} is required").press("Space")
    await expect(page.get_by_role("switch", name=f"{third_name} is required")).not_to_be_checked()

    await page.get_by_role("button", name=f"Move {third_name}").focus()
    for key, said in (("Space", "place 3 of 3"), ("ArrowUp", "place 2 of 3"), ("ArrowUp", "place 1 of 3")):
        await page.keyboard.press(key)
        await expect(page.get_by_text(said)).to_be_attached()
    await page.keyboard.press("Space")
    await expect(page.get_by_text(f"{third_name} put down at place 1 of 3.")).to_be_attached()
    assert await names_in(page, ORDER) == [third_name, first_name, second_name]

    await expect(page.get_by_role("list", name=GETS).get_by_role("listitem").first).to_contain_text(third_name)
    foreseen = await names_in(page, GETS)
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        assert await person.violations() == []
    await page.get_by_role("button", name="Save…").click()
    await page.get_by_role("dialog").get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_text("saved as version 2")).to_be_visible()
    await expect(page.get_by_text("Unsaved changes")).to_be_hidden()

    order = [(item["module_id"], item["is_required"]) for item in saved(admin, code)]
    assert order == [(third, False), (first, True), (second, True)]
    signup = {
        "organization_name": "Whoever",
        "admin_email": f"{uuid4().hex}@example.com",
        "admin_password": "correct horse battery",
        "industry_code": code,
    }
    given = admin.decided("/organizations/signup", signup).json()["modules"]["assigned"]
    named = dict(listed)
    assert sorted(named[module_id] for module_id in given) == sorted(foreseen)


async def test_an_inactive_required_module_is_said_to_stop_signups_before_anything_is_saved(
    person: Person, admin: Api
) -> None:
    (active, _), (inactive, inactive_name) = modules(admin, 2)
    code = template(admin, active, inactive)
    assert admin.post(f"/module-registry/{inactive}/deactivate").status_code == 200
    page = person.page
    await page.goto(f"/super-admin/industries/{code}")
    await expect(page.get_by_text("Nobody can sign up with this list")).to_be_visible()
    await page.get_by_role("switch", name=f"{inactive_name} is required").uncheck(force=True)
    await expect(page.get_by_text(f"Left out: {inactive_name}")).to_be_visible()
    await expect(page.get_by_text("Unsaved changes")).to_be_visible()
    await page.get_by_role("link", name="Tenants").first.click()
    await page.get_by_role("button", name="Stay").click()
    await expect(page.get_by_text("Unsaved changes")).to_be_visible()
    assert [item["is_required"] for item in saved(admin, code)] == [True, True]


async def test_any_two_versions_are_compared(person: Person, admin: Api) -> None:
    (kept, _), (dropped, dropped_name), (new, new_name) = modules(admin, 3)
    code = template(admin, kept, dropped)
    listed = [{"module_id": kept, "is_required": True}, {"module_id": new, "is_required": False}]
    assert admin.patch(f"/industries/{code}", {"modules": listed}).status_code == 200
    page = person.page
    await page.goto(f"/super-admin/industries/{code}?tab=versions")
    comparison = page.get_by_role("region", name="Compare")
    await expect(comparison.get_by_text("Added · 1")).to_be_visible()
    await expect(comparison.get_by_text(new_name)).to_be_visible()
    await expect(comparison.get_by_text(dropped_name)).to_be_visible()
    assert await person.violations() == []


async def test_of_two_who_edit_one_template_the_second_keeps_what_they_made_and_sees_what_changed(
    new_person: NewPerson, admin: Api
) -> None:
    (first, first_name), (second, second_name), (third, third_name) = modules(admin, 3)
    code = template(admin, first, second)
    async with new_person() as person:
        page = person.page
        await page.goto(f"/super-admin/industries/{code}")
        await page.get_by_role("switch", name=f"{first_name} is required").uncheck(force=True)
        await expect(page.get_by_text("Unsaved changes")).to_be_visible()
        theirs = [{"module_id": module_id, "is_required": True} for module_id in (first, second, third)]
        assert admin.patch(f"/industries/{code}", {"modules": theirs}).status_code == 200
        conflict = page.get_by_role("alert").filter(has_text="Somebody else saved first")
        await expect(conflict).to_contain_text(third_name)
        await expect(conflict).to_contain_text(re.compile("You · (now|this minute)"))
        assert await names_in(page, ORDER) == [first_name, second_name]
        await expect(page.get_by_role("switch", name=f"{first_name} is required")).not_to_be_checked()
        await conflict.get_by_role("button", name="Keep mine").click()
        await page.get_by_role("button", name="Save…").click()
        await page.get_by_role("dialog").get_by_role("button", name="Save", exact=True).click()
        await expect(page.get_by_text("saved as version 3")).to_be_visible()
    assert [(item["module_id"], item["is_required"]) for item in saved(admin, code)] == [(first, False), (second, True)]


async def drag(page: Page, moved: str, onto: str) -> None:
    """By mouse, one module's handle onto another's."""
    start = await page.get_by_role("button", name=f"Move {moved}").bounding_box()
    end = await page.get_by_role("button", name=f"Move {onto}").bounding_box()
    assert start is not None
    assert end is not None
    await page.mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
    await page.mouse.down()
    await page.mouse.move(end["x"] + end["width"] / 2, end["y"] + end["height"] / 2, steps=8)
    await page.mouse.up()


async def test_a_module_is_dragged_and_configured_and_those_who_have_the_template_are_updated(
    person: Person, admin: Api
) -> None:
    ((first, first_name),) = modules(admin, 1)
    second_name = f"Module {uuid4().hex[:8]}"
    schema = {"type": "object", "properties": {"currency": {"type": "string", "title": "Currency"}}}
    second = admin.module(module_name=second_name, config_schema=schema)
    code = template(admin, first, second)
    tenant = admin.organization(code, organization_name=f"Tenant of {code}")
    page = person.page
    await page.goto(f"/super-admin/industries/{code}")
    rows = page.get_by_role("list", name=ORDER).get_by_role("listitem")
    await expect(rows.first).to_contain_text(first_name)
    await drag(page, second_name, first_name)
    await expect(rows.first).to_contain_text(second_name)
    await page.get_by_role("button", name=f"Default config of {second_name}").click()
    drawer = page.get_by_role("dialog", name=f"Default config of {second_name}")
    await drawer.get_by_label("Currency").fill("EUR")
    await drawer.get_by_role("button", name="Done").click()
    await page.get_by_role("button", name="Save…").click()
    await page.get_by_role("button", name="Save, then choose tenants to update").click()
    choosing = page.get_by_role("dialog", name="Choose tenants to update")
    await expect(choosing.get_by_text("1 will change")).to_be_visible()
    await choosing.get_by_role("button", name="Update 1 tenant").click()
    await page.wait_for_url("**/super-admin/bulk/*")
    await expect(page.get_by_text("1 of 1 decided")).to_be_visible()
    assert [item["module_id"] for item in saved(admin, code)] == [second, first]
    assert admin.modules_of(tenant)[second]["config"] == {"currency": "EUR"}
    await page.goto(f"/super-admin/industries/{code}?tab=tenants")
    await expect(page.get_by_role("row", name=f"Tenant of {code}")).to_contain_text("Version 2")


LATE_TIMERS = (
    "const soon = setTimeout; window.setTimeout = (task, ms, ...more) => soon(task, ms === 50 ? 9e6 : ms, ...more)"
)


async def test_the_click_after_a_drag_counts_however_busy_the_page_is(person: Person, admin: Api) -> None:
    (first, first_name), (second, second_name) = modules(admin, 2)
    page = person.page
    await page.add_init_script(LATE_TIMERS)
    await page.goto(f"/super-admin/industries/{template(admin, first, second)}")
    rows = page.get_by_role("list", name=ORDER).get_by_role("listitem")
    await expect(rows.first).to_contain_text(first_name)
    await drag(page, second_name, first_name)
    await expect(rows.first).to_contain_text(second_name)
    await page.get_by_role("button", name=f"Default config of {second_name}").click()
    await expect(page.get_by_role("dialog", name=f"Default config of {second_name}")).to_be_visible()


async def test_a_template_is_found_renamed_withdrawn_and_deleted_by_its_code(person: Person, admin: Api) -> None:
    code = template(admin)
    page = person.page
    await page.goto(f"/super-admin/industries?q={code}&view=table")
    await page.get_by_role("row", name=code).get_by_role("link").click()
    await page.get_by_role("button", name="Edit").click()
    dialog = page.get_by_role("dialog", name=f"Edit Industry {code}")
    await dialog.get_by_label("Name").fill(f"Renamed {code}")
    await dialog.get_by_role("switch", name="Offered at signup").uncheck(force=True)
    await dialog.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("heading", name=f"Renamed {code}", exact=True)).to_be_visible()
    await expect(page.get_by_text("Inactive", exact=True)).to_be_visible()
    await page.get_by_role("button", name="Undo").click()
    await expect(page.get_by_role("heading", name=f"Industry {code}")).to_be_visible()
    await page.get_by_role("button", name="More").click()
    await page.get_by_role("menuitem", name="Delete").click()
    dialog = page.get_by_role("dialog", name=f"Delete Industry {code}?")
    await expect(dialog.get_by_role("button", name="Delete")).to_be_disabled()
    await dialog.get_by_label(f"Type {code} to confirm").fill(code)
    await dialog.get_by_role("button", name="Delete").click()
    await page.wait_for_url("**/super-admin/industries")
    assert admin.get(f"/industries/{code}").status_code == 404
