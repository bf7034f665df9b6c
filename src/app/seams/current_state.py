"""Current states for refused preconditions: each context's own reader, past the cache."""

from typing import Any

import msgspec
from msgspec import Raw

from assignments.adapters.reading import PostgresAssignmentReader
from industries.adapters.reading import PostgresIndustryReader
from organizations.adapters.reading import PostgresOrganizationReader
from registry.adapters.postgres import PostgresModuleReader
from shared.commands.conflict_details import CurrentState

API = "/api/v1"


class PostgresCurrentStates:
    """Read from PostgreSQL the resource that belongs to a stream."""

    def __init__(
        self,
        modules: PostgresModuleReader,
        industries: PostgresIndustryReader,
        organizations: PostgresOrganizationReader,
        assignments: PostgresAssignmentReader,
    ) -> None:
        self._read: dict[str, tuple[str, Any]] = {
            "registry": ("/module-registry/{}", modules.module),
            "industries": ("/industries/{}", industries.industry),
            "organizations": ("/organizations/{}", organizations.organization),
            "assignments": ("/organizations/{}/modules", assignments.modules),
        }

    async def current_state(self, context: str, aggregate_id: str) -> CurrentState:
        """Return null for a resource that was deleted, or never existed."""
        path, read = self._read[context]
        return CurrentState(API + path.format(aggregate_id), Raw(msgspec.json.encode(await read(aggregate_id))))
