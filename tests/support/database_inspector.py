"""What the database says was done: streams, events, operations, counts, dead letters."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg


class DatabaseInspector:
    """Reads as a superuser; not for use inside a running event loop."""

    def __init__(self, postgres_url: str) -> None:
        self._url = postgres_url

    def fetch(self, query: str, *args: Any) -> list[Any]:
        """The rows as plain tuples."""

        async def visit() -> list[tuple[Any, ...]]:
            connection = await asyncpg.connect(self._url)
            try:
                return [tuple(row) for row in await connection.fetch(query, *args)]
            finally:
                await connection.close()

        return asyncio.run(visit())

    def everything_about(self, ids: Sequence[str]) -> dict[str, list[tuple[Any, ...]]]:
        """All rows that tell of these aggregates: equal before and after exactly if nothing was done to them."""
        queries = {
            "events": "SELECT * FROM shared.event_log WHERE aggregateid = ANY($1::text[]) ORDER BY seq",
            "heads": "SELECT context, id, version, state::text FROM shared.streams WHERE id = ANY($1) ORDER BY 1, 2",
            "operations": "SELECT id, status, outcome::text, decided_at FROM shared.operations "
            "WHERE aggregate_id = ANY($1) ORDER BY id",
            "assignments": "SELECT organization_id, module_id, config::text, sources::text, created_at, updated_at "
            "FROM assignments.assignments WHERE organization_id = ANY($1) ORDER BY 1, 2",
            "adoption": "SELECT * FROM assignments.module_adoption WHERE module_id = ANY($1) ORDER BY 1, 2",
        }
        return {name: self.fetch(query, list(ids)) for name, query in queries.items()}

    def gaps(self, ids: Sequence[str]) -> list[tuple[Any, ...]]:
        """Streams of these aggregates whose events are not 1, 2, 3 … up to the head's version."""
        return self.fetch(
            "SELECT s.context, s.id, s.version, array_agg(e.sequence ORDER BY e.sequence) FROM shared.streams s "
            "LEFT JOIN shared.event_log e ON e.aggregatetype = s.context AND e.aggregateid = s.id "
            "WHERE s.id = ANY($1) GROUP BY s.context, s.id, s.version HAVING array_agg(e.sequence ORDER BY e.sequence) "
            "IS DISTINCT FROM ARRAY(SELECT generate_series(1, s.version))",
            list(ids),
        )

    def statuses(self, operation_ids: Sequence[UUID]) -> dict[UUID, str]:
        """By operation id."""
        query = "SELECT id, status FROM shared.operations WHERE id = ANY($1)"
        return dict(self.fetch(query, list(operation_ids)))

    def queued(self, keys: Sequence[str]) -> int:
        """How many events of these keys wait for the relay."""
        return int(self.fetch("SELECT count(*) FROM shared.event_relay WHERE key = ANY($1)", list(keys))[0][0])

    def taken_up(self, module_id: str) -> tuple[int, int]:
        """How often the module was counted as assigned and as unassigned."""
        query = (
            "SELECT coalesce(sum(assigned), 0)::int, coalesce(sum(unassigned), 0)::int "
            "FROM assignments.module_adoption WHERE module_id = $1"
        )
        assigned, unassigned = self.fetch(query, module_id)[0]
        return int(assigned), int(unassigned)
