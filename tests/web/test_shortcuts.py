"""Single keys do something on a page, and nothing where somebody types or a dialog has the keyboard."""

from playwright.async_api import Page, expect

from tests.support.api_client import Api

MODULES = "/super-admin/modules"


async def test_keys_meant_for_a_dialog_do_nothing_to_the_page_below(page: Page, admin: Api) -> None:
    module = admin.module("nothing_below", module_name="Nothing below")
    await page.goto(f"{MODULES}?module={module}")
    drawer = page.get_by_role("dialog", name="Nothing below")
    await drawer.get_by_role("tab", name="Overview").focus()
    for key in ("n", "/", "?", "g", "t"):
        await page.keyboard.press(key)
    await expect(page.get_by_role("dialog")).to_have_count(1)
    await drawer.get_by_role("button", name="Actions for Nothing below").click()
    await page.get_by_role("menuitem", name="Delete").focus()
    await page.keyboard.press("n")
    await page.get_by_role("menuitem", name="Delete").click()
    deletion = page.get_by_role("dialog", name="Delete Nothing below?")
    typed = deletion.get_by_label(f"Type {module} to confirm")
    await expect(typed).to_be_focused()
    await page.keyboard.type(module)
    await expect(typed).to_have_value(module)
    await expect(page.get_by_role("dialog", name="Add a module")).to_be_hidden()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_have_count(0, timeout=30_000)
    await expect(page.get_by_text("Nothing below was deleted.")).to_be_visible()
    await page.keyboard.press("n")
    await expect(page.get_by_role("dialog", name="Add a module")).to_be_visible()


async def test_keys_lead_from_page_to_page_unless_a_menu_is_open(page: Page) -> None:
    await page.goto("/super-admin/industries")
    await page.get_by_role("button", name="super admin").click()
    await expect(page.get_by_role("menu")).to_be_visible()
    await page.keyboard.press("n")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("menu")).to_be_hidden()
    await page.keyboard.press("g")
    await page.keyboard.press("t")
    await expect(page.get_by_role("heading", name="Tenants", exact=True)).to_be_visible()
    await page.keyboard.press("/")
    await expect(page.get_by_role("searchbox")).to_be_focused()
    await page.keyboard.type("gm")
    await expect(page.get_by_role("searchbox")).to_have_value("gm")
    # What removes itself leaves the focus where one goes on.
    await page.get_by_role("button", name="Clear", exact=True).click()
    await expect(page.get_by_role("searchbox")).to_be_focused()
