"""The system page: every part in words and figures, consumer groups, replicas."""

from playwright.async_api import expect

from tests.web.person import Person


async def test_every_part_tells_how_it_is(person: Person) -> None:
    page = person.page
    await page.goto("/super-admin/system")
    for part in ("PostgreSQL", "Kafka", "Redis", "Relay", "Consumers", "Operations", "Dead letters", "Cache"):
        await expect(page.get_by_role("group", name=part, exact=True).first).to_contain_text("OK")
    await expect(page.get_by_role("cell", name="modplane.registry.commands")).to_be_visible()
    await expect(page.get_by_role("cell", name="alone")).to_be_visible()
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        assert await person.violations() == []
