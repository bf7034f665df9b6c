"""Each test tampers within a transaction of its own, which the comparison sees and nobody commits."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast
from uuid import UUID, uuid4

import asyncpg
import pytest
from dishka import AsyncContainer

from access.users import PendingOwners
from app.cli.container import verify_all
from app.cli.output import Answer
from app.main import make_container
from app.migration.migrate import migrate_database
from app.seams.commands import Deciders
from app.settings import Settings
from app.verification import Verification
from assignments.commands import ApplyIndustryTemplate, AssignModule, UnassignModule
from devstack import Stack
from industries.commands import CreateIndustry, DeleteIndustry, UpdateIndustry
from industries.events import TemplateModule
from organizations.commands import RegisterOrganization, SuspendOrganization, UpdateOrganization
from registry.commands import DeactivateModule, DeleteModule, RegisterModule, UpdateModule
from shared.errors import Unavailable
from shared.postgres.database import PostgresDatabase
from tests.app.conftest import Decided, deciding, lonely
from tests.support.databases import new_database

ORGANIZATION = "01890000-0000-7000-8000-000000000001"
STREAMS = 8


def module(module_id: str) -> RegisterModule:
    return RegisterModule(module_id, module_id.title(), "ä", "Core", "s", "/s", "1.0.0", {"n": 1.0}, {"on": True})


def entry(module_id: str) -> TemplateModule:
    return TemplateModule(module_id, is_required=False, default_config={"of": [module_id, 1.5]})


class OneTransaction:
    """A database of a single, never committed transaction."""

    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self.connection = connection

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator["asyncpg.Connection[Any]"]:
        yield self.connection


class Lived:
    """A database in which every context has changed things, and its comparison."""

    def __init__(self, connection: "asyncpg.Connection[Any]", deciders: Deciders) -> None:
        self.connection = connection
        self.verification = Verification(deciders, cast("PostgresDatabase", OneTransaction(connection)))

    async def tamper(self, statement: str) -> None:
        assert await self.connection.execute(statement) not in {"UPDATE 0", "DELETE 0"}

    async def differences(self) -> list[str]:
        return [line async for line in self.verification.differences()]


@pytest.fixture(scope="module")
async def world(parts: Stack) -> AsyncIterator[AsyncContainer]:
    """Its every context has changed things, and changed and removed some again."""
    async with new_database(parts.plan().postgres_url) as url:
        await migrate_database(url)
        container = make_container(lonely(url))
        await live(container, await deciding(container))
        yield container
        await container.close()


async def live(container: AsyncContainer, decided: Decided) -> None:
    for id_ in ("oven", "till", "flour"):
        await decided("registry", id_, module(id_))
    await decided("registry", "till", UpdateModule("till", config_schema={"properties": {"on": {"type": "boolean"}}}))
    await decided("registry", "old", module("old"), UpdateModule("old", description="Old."), DeleteModule("old"))
    bakery = CreateIndustry("bakery", "BÄCKEREI", "", modules=[entry("oven"), entry("till")])
    await decided("industries", "bakery", bakery, UpdateIndustry("bakery", modules=[entry("till"), entry("oven")]))
    await decided("industries", "cafe", CreateIndustry("cafe", "Café", "", modules=[entry("flour")]))
    await sign_up(container, decided)
    await decided("organizations", ORGANIZATION, UpdateOrganization(ORGANIZATION, "Acme & Co"))
    await decided(
        "assignments",
        ORGANIZATION,
        ApplyIndustryTemplate(ORGANIZATION, "cafe"),
        ApplyIndustryTemplate(ORGANIZATION, "bakery"),
        AssignModule(ORGANIZATION, "oven", "ana"),
        UnassignModule(ORGANIZATION, "flour"),
    )
    await decided("registry", "flour", DeactivateModule("flour"))
    await decided("industries", "cafe", DeleteIndustry("cafe"))
    await decided("organizations", ORGANIZATION, SuspendOrganization(ORGANIZATION))


async def sign_up(container: AsyncContainer, decided: Decided) -> None:
    owner: UUID = uuid4()
    await (await container.get(PendingOwners)).hold(owner, "ana@acme.example", None, "a long enough password")
    await decided("organizations", ORGANIZATION, RegisterOrganization(ORGANIZATION, "Acme", "bakery", owner))


@pytest.fixture
async def lived(world: AsyncContainer) -> AsyncIterator[Lived]:
    connection = await asyncpg.connect((await world.get(Settings)).postgres_url)
    transaction = connection.transaction()
    await transaction.start()
    yield Lived(connection, await world.get(Deciders))
    await transaction.rollback()
    await connection.close()


async def test_what_was_decided_verifies(world: AsyncContainer) -> None:
    verification = await world.get(Verification)
    assert [line async for line in verification.differences()] == []
    assert verification.compared == STREAMS


@pytest.mark.parametrize(
    ("statement", "stream"),
    [
        ("UPDATE registry.module_registry SET description = 'ae' WHERE module_id = 'oven'", "registry:oven"),
        ("UPDATE registry.module_registry SET default_config = '{\"on\":1}' WHERE module_id = 'oven'", "registry:oven"),
        ("UPDATE registry.module_registry SET is_deleted = false WHERE module_id = 'old'", "registry:old"),
        ("UPDATE registry.module_registry SET config_digest = 'x' WHERE module_id = 'till'", "registry:till"),
        ("UPDATE registry.module_registry SET config_schema = NULL WHERE module_id = 'till'", "registry:till"),
        ("DELETE FROM registry.module_registry WHERE module_id = 'till'", "registry:till"),
        ("UPDATE registry.module_registry SET metadata = '[]' WHERE module_id = 'oven'", "registry:oven"),
        ("UPDATE industries.industry_templates SET name_key = 'x' WHERE industry_code = 'bakery'", "industries:bakery"),
        ("UPDATE industries.industry_module_templates SET display_order = 3 - display_order", "industries:bakery"),
        ("DELETE FROM industries.industry_module_templates WHERE version = 2", "industries:bakery"),
        (
            (
                "INSERT INTO industries.industry_template_versions SELECT id, 3 FROM industries.industry_templates"
                " WHERE industry_code = 'bakery'"
            ),
            "industries:bakery",
        ),
        ("UPDATE organizations.organizations SET status = 'active'", f"organizations:{ORGANIZATION}"),
        ("UPDATE organizations.organizations SET template_version = 1", f"organizations:{ORGANIZATION}"),
        ("UPDATE assignments.assignments SET config = '{\"a\":1}'", f"assignments:{ORGANIZATION}"),
        ("UPDATE assignments.assignments SET sources = '[]'", f"assignments:{ORGANIZATION}"),
        ("DELETE FROM assignments.assignments WHERE module_id = 'oven'", f"assignments:{ORGANIZATION}"),
        ("UPDATE assignments.applied_templates SET place = 1 - place", f"assignments:{ORGANIZATION}"),
        ("DELETE FROM assignments.applied_templates", f"assignments:{ORGANIZATION}"),
    ],
)
async def test_a_tampered_row_is_named(lived: Lived, statement: str, stream: str) -> None:
    await lived.tamper(statement)
    assert await lived.differences() == [f"{stream}: the rows differ from the head"]


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        (
            "UPDATE shared.streams SET state = (SELECT state FROM shared.streams WHERE id = 'till') WHERE id = 'oven'",
            "registry:oven: the head differs from its events folded again",
        ),
        (
            "UPDATE shared.streams SET state = NULL WHERE id = 'oven'",
            "registry:oven: the head differs from its events folded again",
        ),
        (
            (
                'UPDATE shared.streams SET state = replace(state::text, \'"templates":{"cafe":1,"bakery":2}\','
                ' \'"templates":{"bakery":2,"cafe":1}\')::json WHERE context = \'assignments\''
            ),
            f"assignments:{ORGANIZATION}: the head differs from its events folded again",
        ),
        (
            (
                'UPDATE shared.streams SET state = replace(state::text, \'"kept":{"flour\', \'"kept":{"flower\')::json'
                " WHERE context = 'assignments'"
            ),
            f"assignments:{ORGANIZATION}: the head differs from its events folded again",
        ),
        (
            "UPDATE shared.streams SET version = 7 WHERE id = 'oven'",
            "registry:oven: the head is at 7, the log has 1 event",
        ),
        (
            "DELETE FROM shared.streams WHERE id = 'oven'",
            "registry:oven: the log has events, and there is no head",
        ),
    ],
)
async def test_a_tampered_head_is_named(lived: Lived, statement: str, told: str) -> None:
    await lived.tamper(statement)
    assert await lived.differences() == [told]


async def test_a_head_that_cannot_be_read_is_named_and_the_others_are_compared(lived: Lived) -> None:
    await lived.tamper("UPDATE shared.streams SET state = '{\"status\":\"lost\"}' WHERE id = 'oven'")
    await lived.tamper("UPDATE registry.module_registry SET description = '' WHERE module_id = 'till'")
    oven, till = await lived.differences()
    assert oven.startswith("registry:oven: the head or an event cannot be read: Invalid enum value 'lost'")
    assert till == "registry:till: the rows differ from the head"


@pytest.mark.parametrize(
    ("missing", "told"),
    [(1, "5 events, number 1 is missing"), (2, "5 events, number 2 is missing"), (6, "5 events")],
)
async def test_a_missing_event_is_named(lived: Lived, missing: int, told: str) -> None:
    await lived.tamper(f"DELETE FROM shared.event_log WHERE sequence = {missing} AND aggregatetype = 'assignments'")
    assert await lived.differences() == [f"assignments:{ORGANIZATION}: the head is at 6, the log has {told}"]


async def test_an_aggregate_that_has_nothing_any_more_does_not_differ(lived: Lived) -> None:
    await lived.tamper(
        "INSERT INTO shared.streams (context, id, version) SELECT context, 'nothing', 0 FROM shared.streams"
        " WHERE context <> 'access' GROUP BY context"
    )
    assert await lived.differences() == []


async def test_every_page_is_compared(lived: Lived, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.verification.PAGE", 2)
    assert await lived.differences() == []
    assert lived.verification.compared == STREAMS


async def test_the_command_prints_a_line_a_difference_and_fails(
    decided: Decided, settings: Settings, scratch: PostgresDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    for id_ in ("oven", "till"):
        await decided("registry", id_, module(id_))
    capsys.readouterr()
    assert await verify_all(settings, print) == Answer({"compared": 2, "differences": []})
    assert capsys.readouterr().out == "2 streams compared, 0 differ.\n"
    async with scratch.writing() as transaction:
        await transaction.execute("UPDATE registry.module_registry SET description = ''")
    found = await verify_all(settings, print)
    differences = [f"registry:{id_}: the rows differ from the head" for id_ in ("oven", "till")]
    assert capsys.readouterr().out.splitlines() == [*differences, "2 streams compared, 2 differ."]
    assert found == Answer({"compared": 2, "differences": differences}, exit_code=1)


async def test_the_command_says_that_the_database_is_away(settings: Settings) -> None:
    away = settings.model_copy(update={"postgres_url": "postgresql://127.0.0.1:1/nowhere"})
    with pytest.raises(Unavailable, match="The database does not answer"):
        await verify_all(away, print)
