from collections.abc import Collection, Mapping

import asyncpg
import pytest

from industries.adapters.cached import CachedIndustryReader
from industries.adapters.queries import PostgresIndustryReader, PostgresTemplateCatalog
from industries.commands import CreateIndustry, DeleteIndustry, UpdateIndustry
from industries.contract import TemplateFact
from industries.events import TemplateModule
from shared.errors import FieldError
from shared.json.layered_config import ConfigRules
from shared.json.schemas import JsonSchema
from shared.messages import Outcome
from shared.postgres.database import PostgresDatabase
from tests.fakes import NoCache
from tests.industries.conftest import Decide, FakeApplied, FakeRegistry

OVEN = TemplateModule("oven", is_required=True, default_config={"degrees": 200.0, "steps": [1, "ä"]})
TILL = TemplateModule("till", is_required=False)
FLOUR = TemplateModule("flour", is_required=True)
BAKERY = CreateIndustry("bakery", "Bakery", "Bread and cake.", modules=[OVEN, TILL])


async def published(
    database: PostgresDatabase, registry: FakeRegistry, versions: Mapping[str, Collection[int]]
) -> Mapping[str, TemplateFact]:
    async with database.snapshot() as transaction:
        return await PostgresTemplateCatalog(registry).templates(transaction, versions)


def code_of(outcome: Outcome) -> str | None:
    return None if outcome.refusal is None else outcome.refusal.code


async def test_every_version_published_within_one_batch_is_kept(
    database: PostgresDatabase, registry: FakeRegistry, decide_batch: Decide
) -> None:
    outcomes = await decide_batch(
        BAKERY,
        UpdateIndustry("bakery", modules=[TILL, OVEN]),
        UpdateIndustry("bakery", industry_name="Fine Bakery"),
        UpdateIndustry("bakery", modules=[]),
        DeleteIndustry("bakery"),
        CreateIndustry("bakery", "Bakery again", "", modules=[]),
        UpdateIndustry("bakery", modules=[FLOUR]),
    )
    assert [outcome.status for outcome in outcomes] == ["applied"] * 7
    templates = await published(database, registry, {"bakery": [1, 2, 3, 9], "unknown": [1]})
    assert templates == {"bakery": TemplateFact("active", 4, {1: (OVEN, TILL), 2: (TILL, OVEN), 3: (), 4: (FLOUR,)})}
    assert [type(value) for value in templates["bakery"].versions[1][0].default_config.values()] == [float, list]


async def test_only_the_current_version_is_read_unless_others_are_asked_for(
    database: PostgresDatabase, registry: FakeRegistry, decide_batch: Decide
) -> None:
    await decide_batch(BAKERY, CreateIndustry("cafe", "Café", ""), UpdateIndustry("bakery", modules=[TILL]))
    await decide_batch(DeleteIndustry("cafe"))
    templates = await published(database, registry, {"bakery": [], "cafe": []})
    assert templates["bakery"].versions == {2: (TILL,)}
    assert templates["cafe"] == TemplateFact("deleted", 1, {1: ()})


@pytest.mark.parametrize("table", ["industry_template_versions", "industry_module_templates"])
@pytest.mark.parametrize("statement", ["UPDATE industries.{} SET version = version", "DELETE FROM industries.{}"])
async def test_the_service_may_not_touch_what_is_published(
    database: PostgresDatabase, table: str, statement: str
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.writing() as transaction:
            await transaction.execute(statement.format(table))


async def test_of_two_that_want_a_name_at_once_one_gets_it(
    decide_batch: Decide, reader: PostgresIndustryReader
) -> None:
    first, second = await decide_batch(BAKERY, CreateIndustry("baker", "BAKERY", ""))
    assert (first.status, code_of(second)) == ("applied", "industry_name_taken")
    await decide_batch(DeleteIndustry("bakery"))
    (third,) = await decide_batch(CreateIndustry("baker", "BAKERY", ""))
    assert third.status == "applied"
    assert [industry.industry_code for industry in await reader.existing()] == ["baker"]


async def test_a_template_is_blocked_by_its_required_modules_alone(
    database: PostgresDatabase, registry: FakeRegistry, decide_batch: Decide, reader: PostgresIndustryReader
) -> None:
    await decide_batch(CreateIndustry("bakery", "Bakery", "", modules=[FLOUR, TILL, OVEN]))
    registry.status.update({"flour": "inactive", "till": "inactive"})
    del registry.status["oven"]
    async with database.snapshot() as transaction:
        summaries = await PostgresTemplateCatalog(registry).industries(transaction, ["bakery", "unknown"])
    assert summaries["bakery"].blocked_by == {"flour": "inactive", "oven": "missing"}
    (listed,) = await reader.active()
    assert [(module.module_id, module.module_name, module.state) for module in listed.blocking] == [
        ("flour", "Flour", "inactive"),
        ("oven", None, "missing"),
    ]
    assert (listed.module_count, listed.required_count, listed.applicable) == (3, 2, False)
    shown = await reader.modules("bakery")
    assert shown is not None
    assert [(item.module_id, item.display_order, item.state, item.module_name) for item in shown.items] == [
        ("flour", 1, "inactive", "Flour"),
        ("till", 2, "inactive", "Till"),
        ("oven", 3, "missing", None),
    ]
    assert (shown.applicable, list(shown.blocked_by)) == (False, ["flour", "oven"])
    assert shown.blocking == listed.blocking


async def test_a_required_module_without_a_valid_config_blocks_its_template(
    database: PostgresDatabase, registry: FakeRegistry, decide_batch: Decide, reader: PostgresIndustryReader
) -> None:
    await decide_batch(
        CreateIndustry("bakery", "Bakery", "", modules=[OVEN, TILL]),
        CreateIndustry("cafe", "Café", "", modules=[TemplateModule("oven", is_required=True), TILL]),
    )
    registry.rules["oven"] = ConfigRules({"steps": []}, JsonSchema({"required": ["steps", "degrees"]}))
    registry.rules["till"] = ConfigRules({}, JsonSchema({"required": ["currency"]}))
    async with database.snapshot() as transaction:
        catalog = PostgresTemplateCatalog(registry)
        summaries = await catalog.industries(transaction, ["bakery", "cafe"])
        assert await catalog.names(transaction, ["bakery", "cafe", "unknown"]) == {"bakery": "Bakery", "cafe": "Café"}
    blocked_by = {code: summary.blocked_by for code, summary in summaries.items()}
    assert blocked_by == {"bakery": {}, "cafe": {"oven": "config_invalid"}}
    assert [(listed.industry_code, listed.applicable) for listed in await reader.active()] == [
        ("bakery", True),
        ("cafe", False),
    ]
    shown = await reader.modules("cafe")
    assert shown is not None
    assert [(item.module_id, item.state, item.config_errors) for item in shown.items] == [
        ("oven", "config_invalid", [FieldError("/degrees", "is missing")]),
        ("till", "config_invalid", [FieldError("/currency", "is missing")]),
    ]
    assert [(item.icon, item.color) for item in shown.items] == [("oven", None), ("till", None)]
    assert (shown.applicable, list(shown.blocked_by)) == (False, ["oven"])


async def test_a_config_is_judged_by_the_registry_of_the_same_moment(
    registry: FakeRegistry, decide_batch: Decide
) -> None:
    registry.rules["oven"] = ConfigRules({}, JsonSchema({"properties": {"degrees": {"maximum": 100}}}))
    (outcome,) = await decide_batch(BAKERY)
    assert code_of(outcome) == "config_invalid"


async def test_a_module_is_used_by_the_current_lists_of_active_templates(
    database: PostgresDatabase, registry: FakeRegistry, decide_batch: Decide
) -> None:
    await decide_batch(
        CreateIndustry("pizzeria", "Pizzeria", "", modules=[OVEN]),
        BAKERY,
        CreateIndustry("museum", "Museum", "", is_active=False, modules=[OVEN]),
        CreateIndustry("cafe", "Café", "", modules=[OVEN]),
        CreateIndustry("kiosk", "Kiosk", "", modules=[OVEN, TILL]),
        UpdateIndustry("kiosk", modules=[]),
        DeleteIndustry("cafe"),
    )
    async with database.snapshot() as transaction:
        used = await PostgresTemplateCatalog(registry).active_templates(transaction, ["oven", "till", "flour"])
    assert used == {"oven": ["bakery", "pizzeria"], "till": ["bakery"]}


async def test_versions_are_paged_newest_first(
    decide_batch: Decide, reader: PostgresIndustryReader, applied: FakeApplied
) -> None:
    applied.versions["bakery"] = {2: 20, 3: 30, 4: 40}
    await decide_batch(BAKERY, *(UpdateIndustry("bakery", modules=modules) for modules in ([TILL], [], [FLOUR])))
    newest, rest = await reader.versions("bakery", 100, 3), await reader.versions("bakery", 2, 3)
    assert newest is not None
    assert rest is not None
    assert [(version.version, version.is_current) for version in newest] == [(4, True), (3, False), (2, False)]
    assert [version.organizations for version in newest] == [40, 30, 20]
    assert [(version.version, version.organizations, version.modules) for version in rest] == [(1, 0, (OVEN, TILL))]
    assert await reader.versions("unknown", 100, 3) is None


async def test_what_is_cached_for_everybody_hides_inactive_templates_and_carries_the_streams_sequence(
    decide_batch: Decide, reader: PostgresIndustryReader
) -> None:
    await decide_batch(BAKERY, UpdateIndustry("bakery", description="Bread."), CreateIndustry("cafe", "Café", ""))
    cache = NoCache()
    cached = CachedIndustryReader(cache, reader)
    for read in (cached.industry, cached.modules):
        answer = await read("bakery")
        assert answer is not None
        assert answer.etag.startswith('"2.')
    await decide_batch(UpdateIndustry("bakery", is_active=False))
    assert await cached.industry("bakery") is None
    assert await cached.modules("bakery") is None
    listed = await cached.active()
    assert listed is not None
    assert (b'"cafe"' in listed.body, b'"bakery"' in listed.body) == (True, False)
    assert set(cache.keys) == {"industry:bakery:info", "industry:bakery:modules", "industries:all"}
