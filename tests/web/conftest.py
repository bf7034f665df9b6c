"""The UI as people have it: built, served by the service on the real parts, in a real browser."""

import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from app.migration.migrate import create_topics, migrate_database
from devstack import Endpoints, Stack
from tests.support.api_client import ADMIN, Api, sign_in
from tests.support.service_process import SEEDS, ServiceProcess
from tests.support.stack_choice import choose_own, running_stack
from tests.support.tools import ROOT, make, run
from tests.web.person import Person

WEB = ROOT / "web"
SWITCHES = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

PATIENCE_MS = 60_000
"""How long a page may take on a machine that does much else; none takes so long that is left alone."""

expect.set_options(timeout=PATIENCE_MS)

NewPerson = Callable[..., AbstractAsyncContextManager[Person]]


@pytest.fixture(scope="session")
def build() -> Path:
    """The UI's build, made from the sources as they are."""
    make("web")
    return WEB / "dist"


@asynccontextmanager
async def prepared_stack(folder: Path) -> AsyncIterator[Stack]:
    """Running parts, migrated, with topics."""
    with running_stack(folder, choose_own(os.environ)) as stack:
        addresses = stack.plan()
        await migrate_database(addresses.postgres_url)
        await create_topics(addresses.kafka_bootstrap, partitions=2)
        yield stack


@pytest.fixture(scope="package")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """Parts of its own: what is listed is known, and they may be stopped."""
    async with prepared_stack(tmp_path_factory.mktemp("web")) as stack:
        yield stack


@pytest.fixture(scope="package")
def web_endpoints(stack: Stack) -> Endpoints:
    return stack.plan()


@pytest.fixture(scope="package")
def service(
    web_endpoints: Endpoints, build: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServiceProcess]:
    """One replica in every role that serves the UI and has applied the seeds."""
    environment = {"MODPLANE_WEB": str(build), "MODPLANE_SEEDS": str(SEEDS)}
    log = tmp_path_factory.mktemp("service") / "service.log"
    with ServiceProcess(web_endpoints, log, environment=environment) as process:
        yield process


@pytest.fixture(scope="package")
def admin(service: ServiceProcess) -> Api:
    """The super admin, over REST."""
    return sign_in(service.url)


def chromium() -> str:
    """A browser: the one that is named, the system's, or the one among Node's packages."""
    named = os.environ.get("CHROMIUM_PATH", "")
    system = Path("/usr/bin/chromium")
    if named or system.exists():
        return named or str(system)
    make("packages")
    return run("sh", "scripts/node.sh", "node", "web/browser.mjs").strip()


@pytest.fixture(scope="package")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=SWITCHES)
        yield browser
        await browser.close()


@pytest.fixture(scope="package")
def new_person(browser: Browser, service: ServiceProcess) -> NewPerson:
    """Somebody with a browser profile of their own. `signed_in`: as the super admin; the rest is of `new_context`."""

    @asynccontextmanager
    async def person(*, signed_in: bool = True, **of_context: Any) -> AsyncIterator[Person]:
        context = await browser.new_context(
            base_url=service.url, locale="en-GB", viewport={"width": 1440, "height": 900}, **of_context
        )
        context.set_default_timeout(PATIENCE_MS)
        someone = Person(await context.new_page())
        if signed_in:
            await someone.sign_in(ADMIN["email"], ADMIN["password"])
        yield someone
        await context.close()

    return person


@pytest.fixture
async def person(new_person: NewPerson) -> AsyncIterator[Person]:
    """A super admin at a desk, whose browser had nothing to complain of when the test was over."""
    async with new_person() as someone:
        yield someone
        assert someone.complaints == []


@pytest.fixture
def page(person: Person) -> Page:
    return person.page
