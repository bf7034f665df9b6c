"""With forced colours, as people who need high contrast have them: what is on, chosen or current looks so."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Locator, expect

from tests.support.api_client import Api
from tests.web.conftest import NewPerson
from tests.web.person import Person

LOOKS = """element => {
  const looks = (of, pseudo) => {
    const s = getComputedStyle(of, pseudo)
    return [s.backgroundColor, s.color, s.borderColor, s.borderWidth, s.outlineStyle, s.outlineColor].join(' ')
  }
  return looks(element) + ' | ' + looks(element, '::before')
}"""
FRAMED = """element => {
  const s = getComputedStyle(element)
  const page = getComputedStyle(document.body).backgroundColor
  return s.borderStyle !== 'none' && parseFloat(s.borderWidth) > 0 && s.borderColor !== page
}"""


@pytest.fixture
async def contrasted(new_person: NewPerson) -> AsyncIterator[Person]:
    async with new_person(forced_colors="active") as person:
        yield person
        assert person.complaints == []


async def looks(of: Locator) -> str:
    found: str = await of.evaluate(LOOKS)
    return found


async def test_on_and_off_chosen_and_not_current_and_other_look_different(contrasted: Person, admin: Api) -> None:
    page = contrasted.page
    on, off = admin.module(module_name="Contrast on"), admin.module(module_name="Contrast off")
    admin.post(f"/module-registry/{off}/deactivate")
    await page.goto("/super-admin/modules?q=Contrast")
    switches = [page.get_by_role("switch", name=f"Contrast {state} is") for state in ("on", "off")]
    await expect(switches[1]).not_to_be_checked()
    assert await looks(switches[0]) != await looks(switches[1])
    assert await switches[1].evaluate(FRAMED)
    rail = page.get_by_role("navigation")
    assert await looks(rail.get_by_role("link", name="Modules")) != await looks(rail.get_by_role("link", name="Audit"))

    await page.goto(f"/super-admin/modules?module={on}")
    drawer = page.get_by_role("dialog", name="Contrast on")
    assert await looks(drawer.get_by_role("tab", name="Overview")) != await looks(
        drawer.get_by_role("tab", name="Config")
    )
    track = drawer.get_by_role("switch").locator("xpath=following-sibling::*[1]")
    lit = await looks(track)
    assert await track.evaluate(FRAMED)
    await page.goto(f"/super-admin/modules?module={off}")
    await expect(page.get_by_role("dialog", name="Contrast off")).to_be_visible(timeout=30_000)
    other = page.get_by_role("dialog", name="Contrast off").get_by_role("switch")
    assert await looks(other.locator("xpath=following-sibling::*[1]")) != lit

    await page.goto("/super-admin/industries")
    cards, table = (
        page.locator(".mantine-SegmentedControl-control").filter(has_text=text) for text in ("Cards", "Table")
    )
    assert await looks(cards) != await looks(table)


async def test_chosen_rows_and_the_focus_are_seen(contrasted: Person, admin: Api) -> None:
    page = contrasted.page
    names = [f"Contrast {number} of {admin.module()}" for number in (1, 2)]
    for name in names:
        admin.organization(organization_name=name)
    await page.goto("/super-admin/tenants?q=Contrast")
    rows = [page.get_by_role("row", name=name) for name in names]
    await rows[0].get_by_role("checkbox").check()
    await expect(rows[0].get_by_role("checkbox")).to_be_checked()
    assert await looks(rows[0]) != await looks(rows[1])
    dot = page.get_by_role("status", name="Live").locator(".dot")
    assert await dot.evaluate(FRAMED)
    await page.keyboard.press("Tab")
    assert "solid" in await looks(page.locator(":focus"))
