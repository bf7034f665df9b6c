"""The service goes away and comes back, or Kafka does, while somebody is in the middle of something."""

from uuid import uuid4

from playwright.async_api import expect

from devstack import Stack
from tests.support.api_client import Api
from tests.support.service_process import ServiceProcess
from tests.support.stack_choice import embedded_server
from tests.web.conftest import NewPerson
from tests.web.person import Person

LONG_MS = 120_000
"""Starting a server again takes as long as the machine is busy."""


async def test_a_restart_of_the_service_loses_nothing_that_was_typed(
    new_person: NewPerson, person: Person, service: ServiceProcess
) -> None:
    name = f"Bakery {uuid4().hex[:8]}"
    dot = person.page.get_by_role("status").filter(has_text="Live")
    await person.page.goto("/super-admin/audit?type=tenant.organization.registered&live=true")
    await expect(dot).to_be_visible()
    async with new_person(signed_in=False) as visitor:
        page = visitor.page
        await page.goto("/signup?skip=true")
        await page.get_by_label("Organization", exact=True).fill(name)
        await page.get_by_label("E-mail").fill(f"{uuid4().hex}@example.com")
        await page.get_by_label("Password", exact=True).fill("correct horse battery")
        service.stop()
        await expect(person.page.get_by_role("status").filter(has_text="Reconnecting")).to_be_visible()
        await page.get_by_role("button", name="Create organization").click()
        await expect(page.get_by_text("The service does not answer")).to_be_visible()
        service.start().wait_ready()
        await expect(page.get_by_label("Organization", exact=True)).to_have_value(name)
        await page.get_by_role("button", name="Create organization").click()
        await page.wait_for_url("**/organization*", timeout=LONG_MS)
    # The other page found back by itself, and shows what happened since.
    await expect(dot).to_be_visible(timeout=LONG_MS)
    await expect(person.page.get_by_role("article").filter(has_text=name)).to_be_visible(timeout=LONG_MS)


async def test_while_kafka_is_away_writes_work_and_the_page_says_what_does_not(
    person: Person, admin: Api, stack: Stack
) -> None:
    page, kafka = person.page, embedded_server(stack, "kafka")
    module = admin.module(module_name="Written without Kafka")
    tile = page.get_by_role("group", name="Kafka", exact=True)
    await page.goto("/super-admin/system")
    await expect(tile).to_contain_text("OK")
    kafka.kill()
    try:
        await expect(tile).to_contain_text("Down", timeout=LONG_MS)
        await expect(page.get_by_text("Still works:").first).to_be_visible()
        answer = admin.decided(f"/module-registry/{module}/deactivate", None)
        assert answer.headers["modplane-decided"] == "inline", answer.text
        await page.goto(f"/super-admin/audit?module={module}")
        await expect(page.get_by_role("article").filter(has_text="deactivated Written without Kafka")).to_be_visible()
    finally:
        kafka.start()
    await page.goto("/super-admin/system")
    await expect(tile).to_contain_text("OK", timeout=LONG_MS)
