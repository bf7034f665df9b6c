"""Writes the pictures of the UI into docs/pictures: a stack of its own, the seeds, some tenants, light and dark."""

import asyncio
import tempfile
from pathlib import Path

from playwright.async_api import Page, Request, ViewportSize, async_playwright, expect

from app.migration.migrate import create_topics, migrate_database
from devstack import Given, Stack
from tests.support.api_client import ADMIN, Api, new_tenant, sign_in
from tests.support.service_process import SEEDS, ServiceProcess
from tests.support.tools import ROOT
from tests.web.conftest import SWITCHES, WEB, chromium
from tests.web.person import Person

PICTURES = ROOT / "docs" / "pictures"
TENANTS = {
    "Crumb & Co": "Ada Baker",
    "Globex Retail": "Hank Miller",
    "Initech Services": "Bella Porter",
    "Hooli Health": "Grace Young",
    "Umbrella Trading": "Alex Reed",
    "Stark Workshops": "Nora Potts",
}
QUIET_ROUNDS = 8
VIEWPORT: ViewportSize = {"width": 1280, "height": 800}


def furnish(service: ServiceProcess) -> Api:
    """Tenants of the seeds' industries, and things that happened to them; returns the super admin."""
    admin = sign_in(service.url)
    industries = [one["industry_code"] for one in admin.get("/industries").json()["items"]]
    for place, (name, admin_name) in enumerate(TENANTS.items()):
        new_tenant(service.url, industries[place % len(industries)], organization_name=name, admin_name=admin_name)
    last = admin.get("/module-registry").json()["items"][-1]["module_id"]
    admin.post(f"/module-registry/{last}/deactivate", modplane_reason="moved to another service")
    admin.post(f"/module-registry/{last}/activate", modplane_reason="moved back")
    return admin


def addresses(admin: Api) -> dict[str, str]:
    industry = admin.get("/industries").json()["items"][0]["industry_code"]
    tenant = admin.client.get("/organizations", params={"q": next(iter(TENANTS))}).json()["items"][0]["organization_id"]
    return {
        "modules": "/super-admin/modules",
        "template": f"/super-admin/industries/{industry}",
        "tenant-modules": f"/super-admin/tenants/{tenant}/modules",
        "audit": "/super-admin/audit",
        "system": "/super-admin/system",
        "signup": f"/signup?industry={industry}",
    }


class Traffic:
    """What a page waits for. The event stream, which never ends, is left out."""

    def __init__(self, page: Page) -> None:
        self._under_way: set[Request] = set()
        page.on("request", self._begin)
        page.on("requestfinished", self._end)
        page.on("requestfailed", self._end)

    def _begin(self, request: Request) -> None:
        if "/stream" not in request.url:
            self._under_way.add(request)

    def _end(self, request: Request) -> None:
        self._under_way.discard(request)

    async def quiet(self) -> None:
        """Half a second without a request: a page that asks in turns, names after ids, is through."""
        quiet = 0
        while quiet < QUIET_ROUNDS:
            await asyncio.sleep(0.1)
            quiet = 0 if self._under_way else quiet + 1


async def take(page: Page, traffic: Traffic, name: str, address: str) -> None:
    """The page in both schemes. It is opened once: who leaves while the session is renewed has to sign in again."""
    await page.goto(address)
    await page.get_by_role("heading", level=1).wait_for()
    await expect(page.get_by_label("Loading", exact=True)).to_have_count(0)
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        await traffic.quiet()
        await page.screenshot(path=PICTURES / f"{name}-{scheme}.png", animations="disabled")


async def picture(service: ServiceProcess, admin: Api) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=SWITCHES)
        pages = addresses(admin)
        visitor = await browser.new_page(base_url=service.url, locale="en-GB", viewport=VIEWPORT)
        await take(visitor, Traffic(visitor), "signup", pages.pop("signup"))
        person = Person(await browser.new_page(base_url=service.url, locale="en-GB", viewport=VIEWPORT))
        await person.sign_in(ADMIN["email"], ADMIN["password"])
        traffic = Traffic(person.page)
        for name, address in pages.items():
            await take(person.page, traffic, name, address)
        await browser.close()


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as directory:
        stack = Stack(Path(directory) / "stack", Given(), quick=True)
        stack.start()
        try:
            endpoints = stack.plan()
            asyncio.run(migrate_database(endpoints.postgres_url))
            asyncio.run(create_topics(endpoints.kafka_bootstrap, partitions=2))
            environment = {"MODPLANE_WEB": str(WEB / "dist"), "MODPLANE_SEEDS": str(SEEDS)}
            with ServiceProcess(endpoints, Path(directory) / "service.log", environment=environment) as service:
                asyncio.run(picture(service, furnish(service)))
        finally:
            stack.stop()


if __name__ == "__main__":
    main()
