"""Without a network, or without a service that answers: noticed at once, and nothing is sent by itself later."""

from typing import Any

from playwright.async_api import Locator, Page, Route, expect

from tests.support.api_client import Api
from tests.web.conftest import NewPerson

OFFLINE = "You are offline."
AWAY = "The service does not answer."


def dot(page: Page, says: str) -> Locator:
    return page.get_by_role("status", name=says)


async def test_a_network_that_goes_away_is_noticed_at_once_and_a_write_fails_then_and_is_not_sent_later(
    new_person: NewPerson, admin: Api
) -> None:
    module = admin.module(module_name="Switched offline")
    async with new_person() as person:
        page = person.page
        await page.goto(f"/super-admin/modules?module={module}")
        drawer = page.get_by_role("dialog", name="Switched offline")
        await expect(dot(page, "Live")).to_be_attached()
        await page.context.set_offline(True)
        await expect(page.get_by_text(OFFLINE)).to_be_visible()
        await expect(dot(page, "Offline")).to_be_attached()
        await drawer.get_by_role("button", name="Edit").click()
        form = page.get_by_role("dialog", name="Edit Switched offline")
        await form.get_by_label("Name").fill("Renamed offline")
        await form.get_by_role("button", name="Save").click()
        await expect(form.get_by_text("Nothing was sent, and nothing will be by itself.")).to_be_visible()
        writes: list[str] = []
        page.on("request", lambda request: writes.append(request.method))
        await page.context.set_offline(False)
        await expect(page.get_by_text(OFFLINE)).to_be_hidden()
        await expect(dot(page, "Live")).to_be_attached()
        assert set(writes) <= {"GET"}
        assert admin.get(f"/module-registry/{module}").json()["module_name"] == "Switched offline"
        await expect(form.get_by_label("Name")).to_have_value("Renamed offline")
        await form.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("dialog", name="Renamed offline")).to_be_visible()


async def test_a_page_that_cannot_be_loaded_says_so_in_its_place_and_is_there_when_the_network_is_back(
    new_person: NewPerson,
) -> None:
    async with new_person() as person:
        page = person.page
        await page.goto("/super-admin/modules")
        await expect(page.get_by_role("table")).to_be_visible()
        await page.context.set_offline(True)
        await page.get_by_role("link", name="Industries").click()
        await expect(page.get_by_text("This part of the page could not be loaded")).to_be_visible()
        await expect(page.get_by_role("navigation")).to_be_visible()
        await page.get_by_role("button", name="Try again").click()
        await expect(page.get_by_text("This part of the page could not be loaded")).to_be_visible()
        # What was loaded before is there, with what is known of it.
        await page.get_by_role("link", name="Modules").click()
        await expect(page.get_by_role("table")).to_be_visible()
        await page.get_by_role("link", name="Industries").click()
        await page.context.set_offline(False)
        await expect(page.get_by_role("button", name="New industry")).to_be_visible()


async def test_a_loaded_page_without_its_data_fails_instead_of_loading_for_ever(
    new_person: NewPerson, admin: Api
) -> None:
    admin.organization()
    async with new_person() as person:
        page = person.page
        await page.goto("/super-admin/modules")
        await page.get_by_role("link", name="Tenants").click()
        await expect(page.get_by_role("table", name="Tenants")).to_be_visible()
        await page.context.set_offline(True)
        await page.get_by_role("searchbox", name="Search name or id").fill("never asked for before")
        await expect(page.get_by_role("alert").get_by_text("This could not be loaded.")).to_be_visible()
        await page.context.set_offline(False)
        await expect(page.get_by_text("Nothing matches.")).to_be_visible()


async def test_a_service_that_stops_answering_is_noticed_with_the_first_request(
    new_person: NewPerson, admin: Api
) -> None:
    admin.organization()
    async with new_person() as person:
        page = person.page
        await page.goto("/super-admin/modules")
        await expect(dot(page, "Live")).to_be_attached()

        async def cut(route: Route) -> Any:
            await route.abort("connectionrefused")

        await page.route("**/api/v1/**", cut)
        await page.get_by_role("link", name="Tenants").click()
        await expect(page.get_by_text(AWAY).first).to_be_visible()
        await page.unroute("**/api/v1/**")
        await expect(page.get_by_role("table")).to_be_visible()
        await expect(page.get_by_text(AWAY)).to_be_hidden()
