"""The tenants: found and filtered by the address, chosen, and changed together with a preview first."""

import re
from uuid import uuid4

import pytest
from playwright.async_api import Page, expect

from tests.support.api_client import Api
from tests.web.person import Person


@pytest.fixture
def word() -> str:
    """Begins the names of one test's tenants alone."""
    return f"w{uuid4().hex[:10]}"


async def test_filters_live_in_the_address_and_come_back_with_it(person: Person, admin: Api, word: str) -> None:
    page = person.page
    industry = admin.industry([admin.module()], industry_name=f"Bakeries {word}")
    admin.organization(industry, organization_name=f"{word} Bakery")
    admin.organization(organization_name=f"{word} Bank")
    await page.goto("/super-admin/tenants")
    await page.get_by_label("Search name or id").fill(word)
    await expect(page.get_by_role("link", name=f"{word} Bank")).to_be_visible()
    await page.get_by_role("combobox", name="Industry").fill(f"Bakeries {word}")
    await page.get_by_role("option", name=f"Bakeries {word}").click()
    await expect(page.get_by_role("link", name=f"{word} Bank")).to_be_hidden()
    await page.get_by_role("combobox", name="Template version").click()
    await page.get_by_role("option", name="v1 (current)").click()
    await expect(page).to_have_url(re.compile(rf"q={word}&industry={industry}&version="))
    await page.reload()
    await expect(page.get_by_role("link", name=f"{word} Bakery")).to_be_visible()
    await expect(page.get_by_text("1 tenant", exact=True)).to_be_visible()
    await page.get_by_label("Search name or id").fill(f"{word} nobody")
    await expect(page.get_by_role("heading", name="Nothing matches.")).to_be_visible()
    await page.get_by_role("button", name="Clear filters").last.click()
    await expect(page).not_to_have_url(re.compile("q="))


async def choose_all(page: Page, word: str) -> None:
    await page.goto(f"/super-admin/tenants?q={word}")
    await page.get_by_role("checkbox", name="Select all that are loaded").check()


async def test_a_bulk_action_is_previewed_followed_and_retried_for_the_refused(
    person: Person, admin: Api, word: str
) -> None:
    page = person.page
    module = admin.module(module_name=f"Till {word}")
    well, there, closed = (admin.organization(organization_name=f"{word} {name}") for name in ("A", "B", "C"))
    assert admin.decided(f"/modules/assign/{there}", {"module_id": module}).status_code == 200
    assert admin.decided(f"/organizations/{closed}/suspend", None).status_code == 200
    await choose_all(page, word)
    bar = page.get_by_role("region", name="Actions for the selected tenants")
    await expect(bar).to_contain_text("3 selected")
    await bar.get_by_role("button", name="Assign module", exact=True).click()
    dialog = page.get_by_role("dialog", name="Assign a module to 3 tenants")
    await dialog.get_by_role("combobox", name="Module").fill(f"Till {word}")
    await page.get_by_role("option", name=f"Till {word}").click()
    foreseen = dialog.get_by_role("region", name="Preview")
    await expect(foreseen).to_contain_text(re.compile(rf"1\s*will change\s*{word} A"))
    await expect(foreseen).to_contain_text(re.compile(rf"1\s*stays as it is\s*{word} B"))
    await expect(foreseen).to_contain_text(re.compile(r"1\s*will be refused\s*1 tenant: .*suspended"))
    assert module not in admin.modules_of(well)
    await dialog.get_by_role("button", name="Assign module · 1").click()
    await page.wait_for_url("**/super-admin/bulk/*")
    await expect(page.get_by_role("heading", name=f"Assign Till {word} · 3 tenants")).to_be_visible()
    await expect(page.get_by_role("navigation").get_by_role("link", name="Tenants")).to_have_attribute(
        "aria-current", "page"
    )
    await expect(page.get_by_text("3 of 3 decided")).to_be_visible()
    assert module in admin.modules_of(well)
    refused = page.get_by_role("row", name=re.compile(f"{word} C"))
    await expect(refused).to_contain_text("Refused")
    assert admin.decided(f"/organizations/{closed}/reactivate", None).status_code == 200
    await page.get_by_role("button", name="Retry the refused tenant").click()
    await expect(refused).to_contain_text("Changed")
    assert module in admin.modules_of(closed)
    await page.goto("/super-admin/tenants")
    await page.get_by_role("button", name="Bulk actions").click()
    await page.get_by_role("menuitem", name=f"Assign Till {word}").click()
    await page.wait_for_url("**/super-admin/bulk/*")
    await expect(refused).to_contain_text("Changed")


async def without_barriers(person: Person) -> None:
    for scheme in ("light", "dark"):
        await person.page.emulate_media(color_scheme=scheme)
        assert await person.violations() == []


async def test_the_pages_break_no_accessibility_rule(person: Person, admin: Api, word: str) -> None:
    page = person.page
    admin.organization(organization_name=f"{word} A")
    await choose_all(page, word)
    await without_barriers(person)
    await page.get_by_role("button", name="Suspend").click()
    await expect(page.get_by_role("button", name="Suspend · 1")).to_be_enabled()
    await without_barriers(person)
    await page.get_by_role("button", name="Suspend · 1").click()
    await page.wait_for_url("**/super-admin/bulk/*")
    await expect(page.get_by_text("1 of 1 decided")).to_be_visible()
    await without_barriers(person)
