"""Reads organizations: one, or a page of them in a stable order."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from organizations.adapters.listing import COLUMNS, OrganizationFilter, OrganizationList, Sort
from organizations.contract import OrganizationStatus
from organizations.ports import IndustryNames
from shared.lists.cursors import Cursors
from shared.lists.keyset import LongList, Place, Total, looking_up
from shared.ports import Database, Transaction

ONE = f"SELECT {COLUMNS} FROM organizations.organizations WHERE organization_id = $1"


class OrganizationInfo(Struct, frozen=True):
    """An organization as its people see it. `industry_name` is the present one, `sequence` the stream's."""

    organization_id: str
    name: str
    industry_code: str | None
    industry_name: str | None
    status: OrganizationStatus
    sequence: int
    created_at: datetime
    updated_at: datetime


class OrganizationDetails(OrganizationInfo, frozen=True):
    """With what only super admins see: the template version pinned at signup, and the first owner."""

    template_version: int | None
    owner_id: UUID | None


class OrganizationPage(Struct, frozen=True):
    """Organizations in the order asked for. `next_cursor` is null on the last page, and there alone.

    A page may have fewer items than `limit`, even none, before the last: it looks at a bounded number of
    organizations. `total` is null unless it is asked for.
    """

    items: Sequence[OrganizationInfo]
    next_cursor: str | None
    total: Total | None


class OrganizationQuery(Struct, frozen=True):
    """A page of the organizations that a filter lets through. `with_total`: it is also to tell how many they are."""

    limit: int
    cursor: str | None = None
    sort: Sort = "name"
    wanted: OrganizationFilter = OrganizationFilter()
    with_total: bool = False


class PostgresOrganizationReader:
    """Organizations with their industry's present name, both of one moment."""

    def __init__(
        self, database: Database, industries: IndustryNames, listed: OrganizationList, cursors: Cursors
    ) -> None:
        self._database = database
        self._industries = industries
        self._list = listed
        self._cursors = cursors

    async def organization(self, organization_id: str) -> OrganizationDetails | None:
        """None when it is unknown."""
        async with self._database.snapshot() as transaction:
            row = await transaction.fetchrow(ONE, organization_id)
            if row is None:
                return None
            names = await self._names(transaction, [row])
        return details(row, names)

    async def page(self, wanted: OrganizationQuery) -> OrganizationPage:
        """At most `limit` of them. Raises `BadCursor`."""
        cursors = await self._cursors.of("organizations", wanted.sort, wanted.wanted)
        after = cursors.place(wanted.cursor, Place)
        async with looking_up(self._database) as transaction:
            question = await self._list.question(transaction, wanted.wanted, wanted.sort)
            found = LongList(transaction, question)
            page = await found.page(after, wanted.limit)
            total = await found.total() if wanted.with_total else None
            names = await self._names(transaction, page.rows)
        items = [info(details(row, names)) for row in page.rows]
        return OrganizationPage(items, cursors.following(page.end), total)

    async def _names(self, transaction: Transaction, rows: Sequence[Any]) -> Mapping[str, str]:
        codes = sorted({row["industry_code"] for row in rows} - {None})
        return await self._industries.names(transaction, codes) if codes else {}


def details(row: Any, names: Mapping[str, str]) -> OrganizationDetails:
    """A row of `SELECT`. An industry that is gone keeps the name it had."""
    fields = {name: row[name] for name in OrganizationDetails.__struct_fields__}
    code = row["industry_code"]
    return OrganizationDetails(**(fields | {"industry_name": names.get(code, row["industry_name"])}))


def info(organization: OrganizationDetails) -> OrganizationInfo:
    """What its people see of it."""
    return OrganizationInfo(**{name: getattr(organization, name) for name in OrganizationInfo.__struct_fields__})
