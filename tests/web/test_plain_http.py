"""Over plain http by the name of a host, which browsers take for no secure context: everything works all the same."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from playwright.async_api import Browser, BrowserContext, async_playwright, expect

from tests.support.api_client import ADMIN, Api
from tests.support.service_process import ServiceProcess
from tests.web.conftest import SWITCHES, chromium
from tests.web.person import Person

HOST = "tenant.example"
SECURE_ALONE = "['randomUUID' in crypto, 'subtle' in crypto, 'clipboard' in navigator, 'locks' in navigator]"


@pytest.fixture(scope="module")
async def lan_browser() -> AsyncIterator[Browser]:
    """A browser to which the service's machine has a name, as on a local network."""
    async with async_playwright() as playwright:
        switches = [*SWITCHES, f"--host-resolver-rules=MAP {HOST} 127.0.0.1"]
        browser = await playwright.chromium.launch(executable_path=chromium(), args=switches)
        yield browser
        await browser.close()


@pytest.fixture
async def lan(lan_browser: Browser, service: ServiceProcess) -> AsyncIterator[BrowserContext]:
    context = await lan_browser.new_context(base_url=f"http://{HOST}:{service.port}", locale="en-GB")
    context.set_default_timeout(15_000)
    yield context
    await context.close()


async def test_a_super_admin_signs_in_writes_copies_and_follows_what_happens(lan: BrowserContext, admin: Api) -> None:
    name = f"Over http {uuid4().hex[:8]}"
    module, tenant = admin.module(module_name=name), admin.organization(organization_name=f"{name} Inc")
    person = Person(await lan.new_page())
    page = person.page
    await person.sign_in(ADMIN["email"], ADMIN["password"])
    assert await page.evaluate("isSecureContext") is False
    assert not any(await page.evaluate(SECURE_ALONE))
    await page.reload()
    await expect(page.get_by_role("status", name="Live")).to_be_attached()

    await page.goto(f"/super-admin/tenants/{tenant}/modules")
    await page.get_by_role("button", name="Assign modules").click()
    dialog = page.get_by_role("dialog", name="Assign modules")
    await dialog.get_by_label("Find a module").fill(name)
    await dialog.get_by_role("checkbox", name=name).check()
    await dialog.get_by_role("button", name="Assign 1 module").click()
    await expect(page.get_by_text(f"{name} assigned to")).to_be_visible()
    assert module in admin.modules_of(tenant)

    # A second tab is live too, and both end together.
    other = await lan.new_page()
    await other.goto(f"/super-admin/modules?module={module}")
    drawer = other.get_by_role("dialog", name=name)
    await expect(other.get_by_role("status", name="Live")).to_be_attached()
    admin.post(f"/module-registry/{module}/deactivate")
    await expect(drawer.get_by_role("switch", name="Inactive")).to_be_visible()
    await drawer.get_by_role("button", name=f"Copy: {module}").click()
    await expect(drawer.get_by_role("button", name=f"Copied: {module}")).to_be_visible()
    await other.keyboard.press("Escape")
    await other.get_by_role("searchbox", name="Search").focus()
    await other.keyboard.press("Control+v")
    await expect(other.get_by_role("searchbox", name="Search")).to_have_value(module)

    await page.get_by_role("button", name="super admin").click()
    await page.get_by_role("menuitem", name="Sign out").click()
    await page.wait_for_url("**/login*")
    await other.wait_for_url("**/login*")
    assert person.complaints == []


async def test_an_organization_signs_up(lan: BrowserContext) -> None:
    person = Person(await lan.new_page())
    page = person.page
    await page.goto("/signup?skip=true")
    await page.get_by_label("Organization", exact=True).fill(f"Bakery {uuid4().hex[:8]}")
    await page.get_by_label("E-mail").fill(f"{uuid4().hex}@example.com")
    await page.get_by_label("Password", exact=True).fill("correct horse battery")
    await page.get_by_role("button", name="Create organization").click()
    await page.wait_for_url("**/organization*")
    await page.reload()
    await expect(page.get_by_role("button", name="Organization admin")).to_be_visible()
    assert person.complaints == []


async def test_what_cannot_be_copied_is_shown_to_be_copied_by_hand(lan: BrowserContext, admin: Api) -> None:
    module = admin.module(module_name="Copied by hand")
    person = Person(await lan.new_page())
    page = person.page
    await person.sign_in(ADMIN["email"], ADMIN["password"])
    await page.goto(f"/super-admin/modules?module={module}")
    await page.evaluate("document.execCommand = () => false")
    await page.get_by_role("dialog").get_by_role("button", name=f"Copy: {module}").click()
    shown = page.get_by_role("alert").filter(has_text="Select the text and copy it")
    await expect(shown.get_by_text(module, exact=True)).to_be_visible()
