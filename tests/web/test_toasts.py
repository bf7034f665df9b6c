"""Toasts: what they offer can be reached whole, and they cover nothing that is done in rows."""

from playwright.async_api import Page, expect

from tests.support.api_client import Api

WHOLE = (
    "button => { const b = button.getBoundingClientRect(), t = button.closest('[role=alert]').getBoundingClientRect(); \
return button.scrollWidth <= button.clientWidth && b.right <= t.right && b.left >= t.left && t.right <= innerWidth }"
)
COLOURS = "toast => [getComputedStyle(toast).borderTopWidth, getComputedStyle(document.body).color]"


async def test_a_long_text_leaves_its_undo_whole_and_the_rows_free(page: Page, admin: Api) -> None:
    name = "Warehouse and delivery management with all of its extensions " * 3
    module = admin.module(module_name=name.strip())
    for width in (1440, 360):
        await page.set_viewport_size({"width": width, "height": 800})
        await page.goto(f"/super-admin/modules?q={module}")
        await page.get_by_role("switch").first.press("Space")
        toast = page.get_by_role("alert").filter(has=page.get_by_role("button", name="Undo"))
        undo = toast.get_by_role("button", name="Undo")
        await expect(undo).to_be_visible(timeout=30_000)
        assert await undo.evaluate(WHOLE), width
        assert (await toast.evaluate(COLOURS))[0] == "1px"
        if width == 1440:
            box, actions = await toast.bounding_box(), await page.get_by_role("switch").last.bounding_box()
            assert box is not None
            assert actions is not None
            assert box["x"] + box["width"] < actions["x"]
        await undo.click()
        await expect(page.get_by_text("Undone.").first).to_be_visible()
