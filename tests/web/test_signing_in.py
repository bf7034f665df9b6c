"""Signing in, where it leads, and what remains of it."""

from playwright.async_api import Page, expect

from tests.support.api_client import ADMIN
from tests.web.conftest import NewPerson
from tests.web.person import Person


async def test_who_follows_a_deep_link_signs_in_and_arrives_there(new_person: NewPerson) -> None:
    async with new_person(signed_in=False) as person:
        await person.page.goto("/super-admin/audit?type=x")
        await person.page.get_by_label("E-mail").fill(ADMIN["email"])
        await person.page.get_by_label("Password", exact=True).fill(ADMIN["password"])
        await person.page.keyboard.press("Enter")
        await person.page.wait_for_url("**/super-admin/audit?type=x")
        assert person.complaints == []


async def test_a_session_survives_a_reload_and_ends_with_signing_out(page: Page) -> None:
    await page.reload()
    await expect(page.get_by_role("navigation")).to_be_visible()
    await page.get_by_role("button", name="super admin").click()
    await page.get_by_role("menuitem", name="Sign out").click()
    await page.wait_for_url("**/login*")
    await page.goto("/super-admin/modules")
    await page.wait_for_url("**/login*")


async def test_a_palette_of_commands_opens_by_keyboard_and_leads_on(page: Page) -> None:
    await page.keyboard.press("Control+k")
    await expect(page.get_by_role("dialog").get_by_role("textbox")).to_be_focused()
    await page.keyboard.type("audit")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/super-admin/audit*")


async def test_the_shell_breaks_no_accessibility_rule(person: Person) -> None:
    for scheme in ("light", "dark"):
        await person.page.emulate_media(color_scheme=scheme)
        assert await person.violations() == []
