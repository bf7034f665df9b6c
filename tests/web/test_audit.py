"""The audit log: sentences, what was before, filters in the address, the tail, deep links, undo, export."""

import json
from pathlib import Path

from playwright.async_api import Page, expect

from tests.support.api_client import Api
from tests.web.person import Person


def modules_of(export: Path) -> list[str]:
    return [json.loads(line)["module_id"] for line in export.read_text().splitlines()]


async def test_a_change_is_found_told_undone_and_taken_away(page: Page, admin: Api) -> None:
    module = admin.module(module_name="Ledger of audits")
    admin.patch(f"/module-registry/{module}", {"version": "2.0.0"}, modplane_reason="asked for by Ada")
    await page.goto(f"/super-admin/audit?module={module}")
    changed = page.get_by_role("article").filter(has_text="You changed version of Ledger of audits")
    await expect(changed).to_contain_text("asked for by Ada")
    await changed.get_by_role("button", name="Show details").click()
    await expect(changed.get_by_role("row", name="/version")).to_contain_text('"1.0.0"')

    await changed.get_by_role("button", name="Undo this").click()
    await page.get_by_role("dialog").get_by_role("button", name="Undo this").click()
    await expect(page.get_by_text("Undone.")).to_be_visible()
    assert admin.get(f"/module-registry/{module}").json()["version"] == "1.0.0"
    await page.get_by_role("button", name="1 new").click()
    await expect(page.get_by_role("article")).to_have_count(3)

    async with page.expect_download() as download:
        await page.get_by_role("button", name="Export NDJSON").click()
    assert modules_of(await (await download.value).path()) == [module] * 3


async def test_a_deep_link_opens_one_event_among_those_of_its_operation(page: Page, admin: Api) -> None:
    module = admin.module()
    (event,) = admin.get(f"/events?module_id={module}").json()["items"]
    await page.goto(f"/super-admin/audit?operation={event['operation_id']}&event={event['event_id']}")
    await expect(page.get_by_role("article")).to_have_count(1)
    await expect(page.get_by_role("button", name="Hide details")).to_be_visible()
    await page.get_by_role("button", name="Clear filters").first.click()
    await page.wait_for_url("**/super-admin/audit")


async def test_the_tail_shows_what_happens_as_it_happens(person: Person, admin: Api) -> None:
    module = admin.module()
    page = person.page
    await page.goto(f"/super-admin/audit?module={module}&live=true")
    await expect(page.get_by_role("article")).to_have_count(1)
    admin.post(f"/module-registry/{module}/deactivate")
    await expect(page.get_by_role("article")).to_have_count(2)
    await page.get_by_role("button", name="Show details").first.click()
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        assert await person.violations() == []
