"""Who uses a module: the list of organizations, asked for those that have it."""

from collections.abc import Sequence

from assignments.ports import OrganizationSearch
from organizations.adapters.listing import OrganizationFilter
from organizations.adapters.reading import OrganizationInfo, OrganizationQuery, PostgresOrganizationReader


class ModuleUsers:
    """The same list that super admins search, at the same bounded price."""

    def __init__(self, reader: PostgresOrganizationReader) -> None:
        self._reader = reader

    async def page(self, module_id: str, wanted: OrganizationSearch) -> tuple[Sequence[OrganizationInfo], str | None]:
        """A page, and the cursor of the next. Raises `BadCursor`."""
        who = OrganizationFilter(wanted.q, wanted.status, wanted.industry_code, module_id)
        page = await self._reader.page(OrganizationQuery(wanted.limit, wanted.cursor, wanted.sort, who))
        return page.items, page.next_cursor
