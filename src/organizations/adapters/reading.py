"""Reads organizations: one, or a page of them in a stable order."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct

from organizations.adapters.postgres import OrganizationStatus
from organizations.ports import IndustryNames
from shared.adapters.paging import Cursors
from shared.adapters.postgres import PostgresDatabase
from shared.ports import Transaction

Sort = Literal["name", "-name", "created_at", "-created_at"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

# By bytes, in every database alike: one index serves the order, the prefix and the place to go on from.
NAME = 'lower(name) COLLATE "C"'
LAST_CHARACTER = 0x10FFFF

SELECT = f"""
SELECT organization_id, name, industry_code, industry_name, status, sequence, created_at, updated_at, template_version,
  owner_id, {NAME} AS sort_name
FROM organizations.organizations
"""

ONE = SELECT + "WHERE organization_id = $1"


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
    """Organizations in the order asked for. `next_cursor` is null on the last page."""

    items: Sequence[OrganizationInfo]
    next_cursor: str | None


class OrganizationQuery(Struct, frozen=True):
    """Which organizations, in which order, from where on. `q` is how their names begin, whatever the case."""

    limit: int
    cursor: str | None = None
    sort: Sort = "name"
    q: str | None = None
    status: OrganizationStatus | None = None
    industry_code: str | None = None


class Place(Struct, frozen=True, array_like=True):
    """Where a page ended. `key` is the lower-case name, or microseconds since the epoch."""

    key: str | int
    organization_id: str


class PostgresOrganizationReader:
    """Organizations with their industry's present name, both of one moment."""

    def __init__(self, database: PostgresDatabase, industries: IndustryNames, cursors: Cursors) -> None:
        self._database = database
        self._industries = industries
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
        cursors = await self._cursors.of("organizations", wanted.sort, wanted.q, wanted.status, wanted.industry_code)
        statement, arguments = page_statement(wanted, cursors.place(wanted.cursor, Place))
        async with self._database.snapshot() as transaction:
            rows = await transaction.fetch(statement, *arguments)
            names = await self._names(transaction, rows)
        items = [info(details(row, names)) for row in rows[: wanted.limit]]
        return OrganizationPage(items, cursors.beyond(rows, wanted.limit, lambda row: place_of(row, wanted.sort)))

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


def page_statement(wanted: OrganizationQuery, after: Place | None) -> tuple[str, Sequence[Any]]:
    """The query for one page and one row more, which tells whether there is a next."""
    expression = "created_at" if wanted.sort.endswith("created_at") else NAME
    direction, beyond = ("DESC", "<") if wanted.sort.startswith("-") else ("ASC", ">")
    conditions, arguments = filters(wanted)
    if after is not None:
        place = len(arguments) + 1
        conditions.append(f"({expression}, organization_id) {beyond} (${place}, ${place + 1})")
        arguments.extend([key_of(after), after.organization_id])
    arguments.append(wanted.limit + 1)
    order = f"ORDER BY {expression} {direction}, organization_id {direction} LIMIT ${len(arguments)}"
    return f"{SELECT} WHERE {' AND '.join(conditions or ['true'])} {order}", arguments


def filters(wanted: OrganizationQuery) -> tuple[list[str], list[Any]]:
    """The conditions on single organizations, and their arguments."""
    given = {
        "status = {0}": wanted.status,
        "industry_code = {0}": wanted.industry_code,
        f"{NAME} >= lower({{0}}) AND {NAME} < lower({{0}}) || chr({LAST_CHARACTER})": wanted.q or None,
    }
    asked = [(condition, value) for condition, value in given.items() if value is not None]
    conditions = [condition.format(f"${place}::text") for place, (condition, _) in enumerate(asked, start=1)]
    return conditions, [value for _, value in asked]


def place_of(row: Any, sort: Sort) -> Place:
    """Where a page ends whose last row this is."""
    key = (row["created_at"] - EPOCH) // MICROSECOND if sort.endswith("created_at") else row["sort_name"]
    return Place(key, row["organization_id"])


def key_of(place: Place) -> str | datetime:
    """The place's key as the database takes it."""
    return place.key if isinstance(place.key, str) else EPOCH + place.key * MICROSECOND
