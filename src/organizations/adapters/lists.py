"""The list of organizations: searched, by what they have, and in pages."""

from collections.abc import Awaitable, Sequence
from functools import partial
from typing import Annotated, Any, ClassVar, Literal, Protocol
from uuid import UUID

from msgspec import Struct

from organizations.adapters.queries import COLUMNS, OrganizationInfo, details, info
from organizations.contract import OrganizationStatus
from organizations.ports import Assignees, IndustryNames
from shared.lists import text_search
from shared.lists.cursors import Cursors, PageSearch
from shared.lists.keyset import FEW, RowFilter, Total, Where
from shared.lists.lister import Conditions, Lister, Page, equal_to
from shared.lists.parameters import text_parameter, value_parameter
from shared.lists.text_search import SORT_KEY
from shared.ports import Database, Transaction

Sort = Literal["name", "-name", "created_at", "-created_at"]

SUSPENDED = Where("status = 'suspended'")
ACTIVE = Where("status = 'active'")

CODE = text_parameter(63)
HAS_MODULE = text_parameter(63, "They have this module.")
HAS_TEMPLATE = text_parameter(63, "This industry's template was applied to them.")
IN_VERSION = value_parameter("In this version; needs `template_code`.", ge=1, lt=2**31)
IN_OLDER = value_parameter("In a version older than this one; needs `template_code`.", ge=1, lt=2**31)


class OrganizationFilter(Struct, frozen=True):
    """Conditions, all of which hold. `q`: each of its words begins a word of the name, or it is the id."""

    q: PageSearch = None
    status: OrganizationStatus | None = None
    industry_code: Annotated[str | None, CODE] = None
    module_id: Annotated[str | None, HAS_MODULE] = None
    template_code: Annotated[str | None, HAS_TEMPLATE] = None
    template_version: Annotated[int | None, IN_VERSION] = None
    template_older_than: Annotated[int | None, IN_OLDER] = None


class OrganizationPage(Page[OrganizationInfo], frozen=True):
    """Organizations in the order asked for. `next_cursor` is null on the last page only, `total` unless requested.

    A page may have fewer items than `limit`, even none, since it examines a bounded number of organizations.
    """

    total: Total | None


class Some(Protocol):
    def __call__(self, transaction: Transaction, limit: int) -> Awaitable[Sequence[str]]: ...


class Having(Protocol):
    def __call__(self, transaction: Transaction, organization_ids: Sequence[str]) -> Awaitable[frozenset[str]]: ...


class PostgresOrganizationList(Lister[OrganizationFilter, OrganizationPage]):
    name, table, id = "organizations", "organizations.organizations", "organization_id"
    columns = f"{COLUMNS}, {text_search.COLUMNS}"
    orders: ClassVar = {"name": SORT_KEY, "created_at": "created_at"}
    page_type = OrganizationPage

    def __init__(self, database: Database, cursors: Cursors, assignees: Assignees, industries: IndustryNames) -> None:
        super().__init__(database, cursors)
        self._assignees = assignees
        self._industries = industries

    async def conditions(self, transaction: Transaction, wanted: OrganizationFilter) -> Conditions:
        few, keep = await self._assigned(transaction, wanted)
        id_ = id_of(wanted.q)
        return Conditions(
            q=wanted.q if id_ is None else None,
            indexed=[
                *equal_to(industry_code=wanted.industry_code),
                *([SUSPENDED] if wanted.status == "suspended" else []),
            ],
            # Nearly all are active: to test that costs next to nothing.
            common=[ACTIVE] if wanted.status == "active" else [],
            few=[*equal_to(organization_id=id_), *few],
            keep=keep,
        )

    async def items(self, transaction: Transaction, rows: Sequence[Any]) -> Sequence[OrganizationInfo]:
        return [info(each) for each in await details(transaction, self._industries, rows)]

    async def _assigned(
        self, transaction: Transaction, wanted: OrganizationFilter
    ) -> tuple[list[Where], list[RowFilter]]:
        """Return a condition on ids when few organizations match, else a test for each row."""
        few: list[Where] = []
        keep: list[RowFilter] = []
        for some, having in self._sources(wanted):
            ids = await some(transaction, FEW + 1)
            if len(ids) <= FEW:
                few.append(Where("organization_id = ANY({0}::text[])", (ids,)))
            else:
                keep.append(keeper(having))
        return few, keep

    def _sources(self, wanted: OrganizationFilter) -> Sequence[tuple[Some, Having]]:
        assignees = self._assignees
        sources: list[tuple[Some, Having]] = []
        if (module_id := wanted.module_id) is not None:
            some = partial(assignees.with_module, module_id=module_id)
            sources.append((some, partial(assignees.having_module, module_id=module_id)))
        if (code := wanted.template_code) is not None:
            version, older_than = wanted.template_version, wanted.template_older_than
            some = partial(assignees.with_template, industry_code=code, version=version, older_than=older_than)
            having = partial(assignees.having_template, industry_code=code, version=version, older_than=older_than)
            sources.append((some, having))
        return sources


def keeper(having: Having) -> RowFilter:
    async def keep(transaction: Transaction, rows: Sequence[Any]) -> Sequence[Any]:
        ids = await having(transaction, [row["organization_id"] for row in rows])
        return [row for row in rows if row["organization_id"] in ids]

    return keep


def id_of(q: str | None) -> str | None:
    try:
        return str(UUID(q)) if q else None
    except ValueError:
        return None
