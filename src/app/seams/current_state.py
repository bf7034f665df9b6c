"""How things are now, for whoever meant an older state: each context's own reader, past the cache."""

from typing import Any

import msgspec
from msgspec import Raw

from assignments.adapters.reading import PostgresAssignmentReader
from industries.adapters.reading import PostgresIndustryReader
from organizations.adapters.reading import PostgresOrganizationReader
from registry.adapters.queries import PostgresModuleReader
from shared.commands.conflict_details import Present

API = "/api/v1"


class PostgresPresence:
    """Reads from PostgreSQL what the address that belongs to a stream shows."""

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

    async def present(self, context: str, aggregate_id: str) -> Present:
        """Null for what was deleted, or never was."""
        path, read = self._read[context]
        return Present(API + path.format(aggregate_id), Raw(msgspec.json.encode(await read(aggregate_id))))
