"""What is typed into forms: kept until it is saved or given up, stored as it was typed, or refused with a reason."""

import json
import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from playwright.async_api import Dialog, Locator, Page, Request, expect

from tests.support.api_client import Api
from tests.web.person import Person

SCHEMA = {
    "type": "object",
    "properties": {
        "kind": {"const": "k"},
        "thanks": {"title": "Thanks", "type": "string"},
        "limit": {"title": "Limit"},
        "price": {"title": "Price", "type": "number", "maximum": 100},
        "contact": {"title": "Contact", "type": "string", "format": "email"},
    },
}
DEFAULTS = {"thanks": "Thanks", "limit": 10, "price": 5, "id": 9007199254740993}
# Something sticky lies over its middle.
COVERED = """it => {
  const { left, top, width, height } = it.getBoundingClientRect()
  return document.elementFromPoint(left + width / 2, top + height / 2) !== it
}"""
ASKED = "Discard your changes?"


@pytest.fixture
def module(admin: Api) -> str:
    return admin.module(module_name=f"Till {uuid4().hex[:8]}", config_schema=SCHEMA, default_config=DEFAULTS)


@pytest.fixture
def tenant(admin: Api, module: str) -> str:
    tenant = admin.organization(organization_name="Forms Inc")
    admin.decided(f"/modules/assign/{tenant}", {"module_id": module})
    return tenant


async def configured(page: Page, tenant: str, module: str) -> Locator:
    """The drawer with the config of a tenant's module, its form to be seen."""
    await page.goto(f"/super-admin/tenants/{tenant}/modules?module={module}")
    drawer = page.get_by_role("dialog", name=re.compile("Config of"))
    await expect(drawer.get_by_label("Thanks", exact=True)).to_be_visible()
    return drawer


async def in_json(drawer: Locator, text: str) -> None:
    await drawer.get_by_text("JSON", exact=True).click()
    await drawer.get_by_role("textbox", name=re.compile("Config of")).fill(text)


async def refused_reload(page: Page) -> str:
    """Tries to reload, and stays when the browser asks; answers with the kind of its question."""
    asked: list[Dialog] = []

    async def stay(dialog: Dialog) -> None:
        asked.append(dialog)
        await dialog.dismiss()

    page.on("dialog", stay)
    async with page.expect_event("dialog"):
        await page.evaluate("setTimeout(() => location.reload())")
    page.remove_listener("dialog", stay)
    return asked[0].type


async def test_what_is_typed_into_a_config_is_not_thrown_away_by_accident(person: Person, tenant: str) -> None:
    page = person.page
    await page.goto(f"/super-admin/tenants/{tenant}/modules")
    await page.get_by_role("button", name=re.compile("^Configure")).click()
    drawer = page.get_by_role("dialog", name=re.compile("Config of"))
    question = page.get_by_role("dialog", name=ASKED)
    await drawer.get_by_label("Thanks", exact=True).fill("Typed")
    for leave in (
        lambda: page.keyboard.press("Escape"),
        lambda: drawer.get_by_role("button", name="Close").click(),
        lambda: page.mouse.click(20, 400),
        lambda: drawer.get_by_role("button", name="Cancel").click(),
        lambda: page.evaluate("history.back()"),
    ):
        await leave()
        await expect(question).to_be_visible()
        assert await person.violations() == []
        await question.get_by_role("button", name="Cancel").click()
        await expect(question).to_have_count(0)
        await expect(drawer.get_by_label("Thanks", exact=True)).to_have_value("Typed")
    assert await refused_reload(page) == "beforeunload"
    await page.keyboard.press("Escape")
    await question.get_by_role("button", name="Discard").click()
    await expect(drawer).to_have_count(0)


async def test_a_config_that_cannot_be_read_or_stored_says_so_where_it_is_typed(
    person: Person, tenant: str, module: str, admin: Api
) -> None:
    drawer = await configured(person.page, tenant, module)
    review = drawer.get_by_role("button", name="Review changes")
    await expect(review).to_be_disabled()
    await expect(review).to_have_accessible_description("Nothing is changed yet.")
    broken = json.dumps(DEFAULTS, indent=2).replace("\n}", ",\n}")
    await in_json(drawer, broken)
    await expect(drawer.get_by_role("alert")).to_contain_text("Line 6 cannot be read as JSON.")
    await expect(review).to_be_disabled()
    await expect(review).to_have_accessible_description("Line 6 cannot be read as JSON.")
    await expect(drawer.get_by_role("radio", name="Form")).to_be_disabled()
    editor = drawer.get_by_role("textbox", name=re.compile("Config of"))
    await expect(editor).to_contain_text(",}")
    assert await person.violations() == []
    await editor.fill(json.dumps(DEFAULTS | {"limit": None}))
    await expect(drawer.get_by_text("cannot be null")).to_be_visible()
    await review.click()
    await expect(drawer.get_by_role("group", name="1 value does not fit")).to_be_focused()
    await editor.fill(json.dumps({key: value for key, value in DEFAULTS.items() if key != "thanks"}))
    await expect(drawer.get_by_text("comes from the default")).to_be_visible()
    await expect(drawer.get_by_text("/thanks")).to_be_visible()
    await review.click()
    await expect(drawer.get_by_text("What will change")).to_have_count(0)
    assert admin.modules_of(tenant)[module]["own_config"] == {}


async def test_only_what_was_edited_is_stored_an_empty_text_too_and_every_number_as_it_was(
    person: Person, tenant: str, module: str, admin: Api
) -> None:
    page = person.page
    drawer = await configured(page, tenant, module)
    await drawer.get_by_label("Thanks", exact=True).fill("")
    await expect(drawer.get_by_role("button", name="Use default: Thanks")).to_be_visible()
    price = drawer.get_by_label("Price", exact=True)
    await price.fill("5000")
    await drawer.get_by_role("button", name="Review changes").click()
    await expect(price).to_be_focused()
    await expect(drawer.get_by_text("has to be at most 100")).to_be_in_viewport()
    await price.fill("19,90")
    await drawer.get_by_role("button", name="Review changes").click()
    await drawer.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("saved for Forms Inc")).to_be_visible()
    assert admin.modules_of(tenant)[module]["own_config"] == {"thanks": "", "price": 19.9}
    await page.goto(f"/super-admin/modules?module={module}&form=edit")
    form = page.get_by_role("dialog")
    await form.get_by_label("Price", exact=True).last.fill("7")
    await form.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("was saved.")).to_be_visible()
    assert admin.get(f"/module-registry/{module}").json()["default_config"] == DEFAULTS | {"price": 7}


async def test_what_is_known_to_be_wrong_is_shown_instead_of_sent(person: Person, module: str) -> None:
    page = person.page
    sent: list[Request] = []
    page.on("request", lambda request: sent.append(request) if request.method == "PATCH" else None)
    await page.goto(f"/super-admin/modules?module={module}&form=edit")
    form = page.get_by_role("dialog")
    contact = form.get_by_role("group", name="Default config").get_by_label("Contact", exact=True)
    await contact.fill("nope")
    await form.get_by_label("Name", exact=False).first.focus()
    await form.get_by_role("button", name="Save").click()
    await expect(contact).to_be_focused()
    await expect(form.get_by_text("has to be in the format email")).to_be_in_viewport()
    assert await contact.evaluate(COVERED) is False
    assert await person.barriers() == []
    assert sent == []


async def test_other_dialogs_keep_what_is_typed_into_them_as_well(person: Person, tenant: str, admin: Api) -> None:
    page = person.page
    industry = admin.industry([])
    question = page.get_by_role("dialog", name=ASKED)

    async def is_kept(field: Locator, text: str) -> None:
        await field.fill(text)
        await page.keyboard.press("Escape")
        await question.get_by_role("button", name="Cancel").click()
        await expect(field).to_have_value(text)
        assert await refused_reload(page) == "beforeunload"
        await page.keyboard.press("Escape")
        await question.get_by_role("button", name="Discard").click()
        await expect(field).to_have_count(0)

    await page.goto("/super-admin/industries")
    await page.get_by_role("button", name="New industry").first.click()
    await is_kept(page.get_by_role("dialog").get_by_label("Description"), "Bread and rolls")
    await page.goto(f"/super-admin/industries/{industry}")
    await page.get_by_role("button", name="Edit", exact=True).click()
    await is_kept(page.get_by_role("dialog").get_by_label("Description"), "Bread alone")
    await page.goto(f"/super-admin/tenants/{tenant}/modules?open=template")
    await is_kept(page.get_by_role("dialog").get_by_label("Reason"), "Asked for by phone")
    await page.goto("/super-admin/tenants")
    await page.get_by_role("checkbox").nth(1).check()
    await page.get_by_role("button", name="Suspend").click()
    await is_kept(page.get_by_role("dialog").get_by_label("Reason"), "Unpaid since October")


async def test_a_time_is_typed_digit_by_digit_and_taken_when_it_is_whole(person: Person) -> None:
    page = person.page
    since = (datetime.now(UTC) - timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:00.000Z")
    await page.goto(f"/super-admin/audit?from={since}")
    await page.get_by_role("button", name=re.compile("^When: ")).click()
    field = page.get_by_label("From", exact=True)
    await field.focus()
    # Day and month come first, in either order.
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("ArrowRight")
    await page.keyboard.type("20")
    await expect(field).to_have_value(re.compile("^0020-"))
    assert "from=" in page.url
    await page.keyboard.type("25")
    await expect(field).to_have_value(re.compile("^2025-"))
    await expect(page).to_have_url(re.compile("from=.*2025-"))
