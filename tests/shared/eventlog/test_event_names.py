"""Which modules and industries the database finds named in an event, whoever writes it."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assignments.events import (
    IndustryTemplateAppliedEvent,
    ModuleAssignedEvent,
    ModuleChange,
    ModulesBulkAssignedEvent,
    SkippedModule,
)
from industries.events import IndustryCreatedEvent, IndustryDeletedEvent, IndustryUpdatedEvent, TemplateModule
from organizations.events import OrganizationRegisteredEvent, OrganizationUpdatedEvent
from registry.events import ModuleDeletedEvent
from shared.messages import Event, FieldChange
from shared.postgres.database import PostgresDatabase
from tests.fakes import NOON

APPEND = """
INSERT INTO shared.event_log (id, aggregatetype, aggregateid, type, sequence, payload, module_id, user_id, operation_id,
                              occurred_at)
SELECT gen_random_uuid(), 'toy', $1, 'toy.added', place, event::json, event::json ->> 'module_id', 'ada',
       gen_random_uuid(), $3
FROM unnest($2::text[]) WITH ORDINALITY AS e(event, place)
"""
NOTED = """
SELECT name, array_agg(e.sequence ORDER BY e.sequence) FROM shared.event_names n JOIN shared.event_log e
  ON e.seq = ANY(n.seqs) AND e.xid = n.xid
GROUP BY name ORDER BY name
"""
ROWS = "SELECT count(*) FROM shared.event_names WHERE name = 'module:crm'"


def change(module_id: str) -> ModuleChange:
    return ModuleChange(module_id, {"a": 1}, (), "removed")


async def names_in(database: PostgresDatabase, payload: str) -> set[str]:
    async with database.reading() as connection:
        return {row[0] for row in await connection.fetch("SELECT * FROM shared.names_in($1::text::json)", payload)}


@pytest.mark.parametrize(
    ("event", "names"),
    [
        (
            ModulesBulkAssignedEvent("acme", ["crm", "hr"], [change("crm"), change("hr")], "retail", 2),
            {"module:crm", "module:hr", "industry:retail"},
        ),
        (
            IndustryTemplateAppliedEvent(
                "acme", "retail", 2, "add", ["crm"], ["hr"], [SkippedModule("pos", "module_inactive")], [], True
            ),
            {"module:pos", "industry:retail"},
        ),
        (
            IndustryCreatedEvent("retail", "Retail", "", True, 1, (TemplateModule("crm", True),)),
            {"module:crm", "industry:retail"},
        ),
        (IndustryUpdatedEvent("retail", {"is_active": FieldChange(True, False)}, 1), {"industry:retail"}),
        (IndustryDeletedEvent("retail", 3), {"industry:retail"}),
        (OrganizationRegisteredEvent("acme", "Acme", None, None, None, uuid4()), set()),
        (
            OrganizationUpdatedEvent("acme", {"industry_code": FieldChange("tech", "retail")}),
            {"industry:tech", "industry:retail"},
        ),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_an_event_names_the_modules_it_changes_and_the_industries_it_is_about(
    database: PostgresDatabase, event: Event, names: set[str]
) -> None:
    assert await names_in(database, msgspec.json.encode(event).decode()) == names


async def test_names_are_noted_with_the_events_once_a_statement(database: PostgresDatabase) -> None:
    events: Sequence[Event] = [
        ModulesBulkAssignedEvent("acme", ["crm", "hr"], []),
        ModulesBulkAssignedEvent("acme", ["crm"], []),
        ModuleAssignedEvent("acme", "crm", [change("crm")]),
        ModuleDeletedEvent("crm"),
    ]
    async with database.writing() as transaction:
        await transaction.execute(APPEND, "a", [msgspec.json.encode(event).decode() for event in events], NOON)
    async with database.reading() as connection:
        assert [tuple(row) for row in await connection.fetch(NOTED)] == [("module:crm", [1, 2]), ("module:hr", [1])]
        assert await connection.fetchval(ROWS) == 1


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=5),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text("ab", max_size=3), children, max_size=3),
    max_leaves=6,
)
TOLD = st.sampled_from(["module_ids", "modules", "skipped", "industry_code", "changes"])


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(payload=st.dictionaries(TOLD, JSON | st.lists(st.dictionaries(st.just("module_id"), JSON))))
async def test_no_payload_keeps_an_event_from_being_written(database: PostgresDatabase, payload: Any) -> None:
    assert await names_in(database, msgspec.json.encode(payload).decode()) is not None
