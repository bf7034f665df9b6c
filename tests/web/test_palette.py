"""The command palette: finds a thing by its name, remembers it, and does what it is told."""

import re
from uuid import uuid4

from playwright.async_api import Page, expect

from tests.support.api_client import Api


async def test_a_module_is_found_by_its_name_and_is_among_the_recent_ones_afterwards(page: Page, admin: Api) -> None:
    name = f"Paletted {uuid4().hex[:8]}"
    module = admin.module(module_name=name)
    await page.keyboard.press("Control+k")
    field = page.get_by_role("dialog").get_by_role("textbox")
    await field.fill(name)
    await page.get_by_role("dialog").get_by_role("button", name=name).click()
    await page.wait_for_url(f"**/super-admin/modules?module={module}")
    await page.goto("/super-admin/system")
    await page.get_by_role("button", name="Go to, find or do").first.click()
    await expect(page.get_by_role("dialog").get_by_role("button").first).to_have_text(name)
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_actions_shortcuts_and_the_way_past_the_navigation_are_reached_by_keyboard(page: Page) -> None:
    await page.keyboard.press("Control+k")
    await page.get_by_role("dialog").get_by_role("textbox").fill("Keyboard")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await page.keyboard.press("Shift+?")
    keys = page.get_by_role("dialog", name="Keyboard shortcuts")
    await expect(keys).to_contain_text("Add a module or a template, on their pagesn")
    await page.keyboard.press("Escape")
    await expect(keys).to_have_count(0)
    await page.keyboard.press("Control+k")
    await page.get_by_role("dialog").get_by_role("textbox").fill("Create an industry")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog", name="New industry template").get_by_label("Name")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page).to_have_url(re.compile("/industries$"))
    await page.reload()
    await expect(page.get_by_role("navigation")).to_be_visible()
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to content")).to_be_focused()


async def test_the_exact_code_comes_first_and_all_others_are_one_step_away(page: Page, admin: Api) -> None:
    word = f"p{uuid4().hex[:8]}"
    others = [f"a{number}_{word}" for number in range(7)]
    for module_id in [*others, word]:
        admin.module(module_id, module_name=module_id.replace("_", " "))
    await page.keyboard.press("Control+k")
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("textbox").fill(word)
    everything = dialog.get_by_role("button", name="All 8 in Modules")
    await expect(everything).to_be_visible()
    await expect(dialog.get_by_role("button").first).to_contain_text(word)
    await everything.click()
    await page.wait_for_url(f"**/super-admin/modules?q={word}")
    await expect(page.get_by_role("row").nth(1)).to_contain_text(word)
    await expect(page.get_by_text("8 of ")).to_be_visible()
