"""Several tabs of one browser: one session and one stream of events, whatever becomes of the tab that had them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest
from playwright.async_api import Browser, Locator, Page, Request, Route, async_playwright, expect

from tests.support.api_client import ADMIN, Api, new_tenant
from tests.support.service_process import ServiceProcess
from tests.web.conftest import SWITCHES, NewPerson, chromium
from tests.web.person import Person

MODULES = "/super-admin/modules"
REFUSED = {
    "type": "urn:modplane:problem:token_expired",
    "title": "Unauthorized",
    "status": 401,
    "detail": "The token has expired.",
    "instance": "/",
}
LIVE, CONNECTING = "Live", "Connecting"
LONG_MS = 60_000


@pytest.fixture(scope="module")
async def caching_browser() -> AsyncIterator[Browser]:
    """A browser that puts pages away and brings them back, as people's do."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium(), args=SWITCHES, ignore_default_args=["--disable-back-forward-cache"]
        )
        yield browser
        await browser.close()


@asynccontextmanager
async def two_tabs(
    browser: Browser, service: ServiceProcess, address: str = MODULES
) -> AsyncIterator[tuple[Page, Page]]:
    """Two pages of the super admin in one profile. The first was there first."""
    context = await browser.new_context(base_url=service.url, locale="en-GB", viewport={"width": 1440, "height": 900})
    context.set_default_timeout(15_000)
    first, second = Person(await context.new_page()), Person(await context.new_page())
    await first.sign_in(ADMIN["email"], ADMIN["password"])
    await first.page.goto(address)
    await expect(dot(first.page, LIVE)).to_be_visible()
    await second.page.goto(address)
    await expect(dot(second.page, LIVE)).to_be_visible()
    yield first.page, second.page
    assert first.complaints == second.complaints == []
    await context.close()


def dot(page: Page, says: str) -> Locator:
    return page.get_by_role("status", name=says)


async def sign_out(page: Page) -> None:
    await page.get_by_role("button", name="super admin").click()
    await page.get_by_role("menuitem", name="Sign out").click()


async def fill_in(place: Page | Locator, email: str, password: str) -> None:
    await place.get_by_label("E-mail").fill(email)
    await place.get_by_label("Password", exact=True).fill(password)
    await place.get_by_role("button", name="Sign in", exact=True).click()


async def expire(page: Page) -> None:
    """Ends the session: its cookie is gone, and its token is refused from now on."""
    dead: set[str] = set()

    async def refuse(route: Route, request: Request) -> None:
        bearer = request.headers.get("authorization", "")
        if not dead:
            dead.add(bearer)
        if bearer in dead:
            await route.fulfill(status=401, json=REFUSED, content_type="application/problem+json")
        else:
            await route.continue_()

    await page.context.clear_cookies()
    await page.route(lambda url: "/api/v1/" in url and "/auth/" not in url, refuse)


async def test_signing_out_in_one_tab_signs_out_all_of_them_at_once(browser: Browser, service: ServiceProcess) -> None:
    async with two_tabs(browser, service) as (first, second):
        bearers: list[str | None] = []
        await sign_out(first)
        await second.wait_for_url("**/login*")
        await expect(second.get_by_role("navigation")).to_be_hidden()
        second.on("request", lambda request: bearers.append(request.headers.get("authorization")))
        await second.goto(MODULES)
        await second.wait_for_url("**/login*")
        assert not any(bearers)


async def test_somebody_else_who_signs_in_is_followed_by_all_tabs_and_sees_nothing_of_who_was_there(
    browser: Browser, service: ServiceProcess
) -> None:
    tenant = new_tenant(service.url)
    async with two_tabs(browser, service, f"{MODULES}?form=new") as (first, second):
        await second.get_by_role("dialog").get_by_label("Name").fill("Half a secret")
        await first.keyboard.press("Escape")
        await sign_out(first)
        await second.wait_for_url("**/login*")
        await expect(second.get_by_role("dialog")).to_be_hidden()
        await fill_in(first, tenant.email, tenant.password)
        await expect(second.get_by_role("heading", name="This page is for super admins")).to_be_visible()


async def test_a_page_that_is_put_away_leaves_the_stream_to_another_and_comes_back_to_it(
    caching_browser: Browser, service: ServiceProcess, admin: Api
) -> None:
    module = admin.module(module_name="Put away")
    async with two_tabs(caching_browser, service, f"/super-admin/audit?module={module}&live=true") as (first, second):
        await first.evaluate("window.wasPutAway = true")
        await first.goto("/signup")
        admin.post(f"/module-registry/{module}/deactivate")
        await expect(second.get_by_role("article")).to_have_count(2)
        await first.go_back(wait_until="commit")
        assert await first.evaluate("window.wasPutAway"), "the page was loaded anew: it was not put away"
        await expect(first.get_by_role("article")).to_have_count(2)
        # The one that reads now is closed: the first takes over, as any other would.
        await second.close()
        admin.post(f"/module-registry/{module}/activate")
        await expect(first.get_by_role("article")).to_have_count(3)


async def test_signing_out_while_a_page_is_put_away_leaves_nothing_to_come_back_to(
    caching_browser: Browser, service: ServiceProcess
) -> None:
    async with two_tabs(caching_browser, service) as (first, second):
        await first.goto("/signup")
        await sign_out(second)
        await second.wait_for_url("**/login*")
        await first.go_back(wait_until="commit")
        await first.wait_for_url("**/login*")


async def test_a_tab_whose_reader_falls_silent_reads_the_stream_itself(
    browser: Browser, service: ServiceProcess, admin: Api
) -> None:
    module = admin.module(module_name="Fallen silent")
    async with two_tabs(browser, service, f"/super-admin/audit?module={module}&live=true") as (first, second):
        # Stopped in the middle, as a page that hangs: it neither beats nor leaves.
        await first.evaluate("setTimeout(() => { const end = Date.now() + 12_000; while (Date.now() < end); })")
        admin.post(f"/module-registry/{module}/deactivate")
        await expect(second.get_by_role("article")).to_have_count(2, timeout=LONG_MS)
        await expect(first.get_by_role("article")).to_have_count(2, timeout=LONG_MS)


async def test_the_dot_is_green_only_once_the_service_said_that_everything_comes(new_person: NewPerson) -> None:
    async with new_person() as person:
        page, released = person.page, asyncio.Event()

        async def hold(route: Route) -> None:
            await released.wait()
            await route.continue_()

        await page.route("**/api/v1/events/stream", hold)
        await page.goto(MODULES)
        await expect(page.get_by_role("table")).to_be_visible()
        await expect(dot(page, CONNECTING)).to_be_visible()
        await expect(dot(page, LIVE)).to_be_hidden()
        released.set()
        await expect(dot(page, LIVE)).to_be_visible()


async def test_a_session_that_ends_under_a_form_is_taken_up_over_it_and_the_write_is_done_once(
    person: Person, admin: Api
) -> None:
    page, code = person.page, f"m_{uuid4().hex[:12]}"
    form = await module_form(page, code)
    await expire(page)
    await form.get_by_role("button", name="Add module").click()
    again = page.get_by_role("dialog", name="Sign in again")
    await expect(again.get_by_label("E-mail")).to_be_focused()
    # What closes dialogs closes neither this one nor those below.
    await page.keyboard.press("Escape")
    await expect(form.get_by_label("Name")).to_have_value("Typed before")
    assert await person.violations() == []
    await fill_in(again, ADMIN["email"], "wrong")
    await expect(again.get_by_text("E-mail or password is wrong.")).to_be_visible()
    await fill_in(again, ADMIN["email"], ADMIN["password"])
    await expect(again).to_be_hidden()
    await expect(page.get_by_role("dialog", name="Typed before")).to_be_visible()
    assert admin.get(f"/module-registry/{code}").json()["module_name"] == "Typed before"


async def test_who_signs_in_over_somebody_elses_page_neither_sees_nor_sends_what_was_typed(
    person: Person, admin: Api, service: ServiceProcess
) -> None:
    tenant = new_tenant(service.url)
    page, code = person.page, f"m_{uuid4().hex[:12]}"
    form = await module_form(page, code)
    await expire(page)
    await form.get_by_role("button", name="Add module").click()
    again = page.get_by_role("dialog", name="Sign in again")
    await expect(again).to_be_visible()
    # Only now is what the form sent on its first try surely behind us.
    writes: list[str] = []
    page.on("request", lambda request: writes.append(request.url) if request.method == "POST" else None)
    await fill_in(again, tenant.email, tenant.password)
    await expect(page.get_by_role("heading", name="This page is for super admins")).to_be_visible()
    await expect(page.get_by_role("dialog")).to_be_hidden()
    assert [url for url in writes if "/auth/" not in url] == []
    assert admin.get(f"/module-registry/{code}").status_code == 404


async def module_form(page: Page, code: str) -> Locator:
    """The form of a new module, filled in."""
    await page.goto(f"{MODULES}?form=new")
    form = page.get_by_role("dialog", name="Add a module")
    await form.get_by_label("Name").fill("Typed before")
    await form.get_by_label("Code").fill(code)
    await form.get_by_label("Category").fill("Archives")
    await form.get_by_label("Service").fill("archive-service")
    await form.get_by_label("Endpoint").fill("/api/v1/archive")
    return form
