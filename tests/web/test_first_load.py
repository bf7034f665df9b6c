"""What the first visit costs, as the browser counts it: page, scripts, styles, fonts and chunks, compressed."""

from typing import Any

from playwright.async_api import expect

from tests.web.conftest import NewPerson

BUDGET = 250 * 1024


async def test_the_first_load_fits_its_budget_with_fonts_and_chunks(new_person: NewPerson) -> None:
    async with new_person(signed_in=False) as person:
        network = await person.page.context.new_cdp_session(person.page)
        await network.send("Network.enable")
        sizes: dict[str, int] = {}
        addresses: dict[str, str] = {}

        def asked(event: dict[str, Any]) -> None:
            addresses[event["requestId"]] = event["request"]["url"]

        def arrived(event: dict[str, Any]) -> None:
            sizes[addresses.get(event["requestId"], "?")] = event["encodedDataLength"]

        network.on("Network.requestWillBeSent", asked)
        network.on("Network.loadingFinished", arrived)
        await person.page.goto("/login", wait_until="networkidle")
        await expect(person.page.get_by_role("button", name="Sign in")).to_be_visible()
        assert any(".woff2" in address for address in sizes), sizes
        assert sum(sizes.values()) <= BUDGET, sizes
