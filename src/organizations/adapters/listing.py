"""How the list of organizations is asked for: which, in which order, along which index."""

from collections.abc import Awaitable, Sequence
from functools import partial
from typing import Any, Literal, Protocol
from uuid import UUID

from msgspec import Struct

from organizations.contract import OrganizationStatus
from organizations.ports import Holders
from shared.lists import text_search as words
from shared.lists.keyset import FEW, Keep, Question, Turn, Where
from shared.lists.text_search import SORT_KEY, beginnings_first, words_begin
from shared.ports import Transaction

Sort = Literal["name", "-name", "created_at", "-created_at"]

COLUMNS = """
organization_id, name, industry_code, industry_name, template_version, status, owner_id, sequence, created_at,
updated_at
"""

SUSPENDED = Where("status = 'suspended'")
ACTIVE = Where("status = 'active'")


class OrganizationFilter(Struct, frozen=True):
    """Which organizations: those for which all holds that is given.

    `q`: each of its words begins a word of the name, or it is the organization's id. `template_code`: the template was
    applied to it, in `template_version` and in one older than `template_older_than` where these are given.
    """

    q: str | None = None
    status: OrganizationStatus | None = None
    industry_code: str | None = None
    module_id: str | None = None
    template_code: str | None = None
    template_version: int | None = None
    template_older_than: int | None = None


class Some(Protocol):
    """Some of those who have a thing."""

    def __call__(self, transaction: Transaction, limit: int) -> Awaitable[Sequence[str]]: ...


class Having(Protocol):
    """Those of the organizations who have a thing."""

    def __call__(self, transaction: Transaction, organization_ids: Sequence[str]) -> Awaitable[frozenset[str]]: ...


class OrganizationList:
    """Makes questions of filters."""

    def __init__(self, holders: Holders) -> None:
        self._holders = holders

    async def question(self, transaction: Transaction, wanted: OrganizationFilter, sort: Sort) -> Question:
        """By `sort`; but names that begin with `q` come before those that have its words further on."""
        few, keep = await self._held(transaction, wanted)
        q = wanted.q
        if (id_ := id_of(q)) is not None:
            few.insert(0, Where("organization_id = {0}", (id_,)))
            q = None
        searched = [words_begin(q)] if q is not None else []
        way, tests = way_of(wanted)
        turn = Turn(way, [*tests, *searched, *few[1:]])
        # Nearly all are active: to test that costs next to nothing along the way.
        is_simple = not keep and all(test == ACTIVE for test in turn.tests)
        by_name, descending = sort.endswith("name"), sort.startswith("-")
        return Question(
            table="organizations.organizations",
            columns=f"{COLUMNS}, {words.COLUMNS}",
            key=SORT_KEY if by_name else "created_at",
            id="organization_id",
            descending=descending,
            turns=beginnings_first(turn, q, descending=descending) if q is not None and by_name else [turn],
            narrow=[] if is_simple else [*searched, *way, *(test for test in tests if test == SUSPENDED)],
            few=few[0] if few else None,
            keep=keep,
        )

    async def _held(self, transaction: Transaction, wanted: OrganizationFilter) -> tuple[list[Where], list[Keep]]:
        """Few who have a thing are a condition; of many, each row is to be asked about."""
        few: list[Where] = []
        keep: list[Keep] = []
        for some, having in self._things(wanted):
            ids = await some(transaction, FEW + 1)
            if len(ids) <= FEW:
                few.append(Where("organization_id = ANY({0}::text[])", (ids,)))
            else:
                keep.append(keeper(having))
        return few, keep

    def _things(self, wanted: OrganizationFilter) -> Sequence[tuple[Some, Having]]:
        holders = self._holders
        things: list[tuple[Some, Having]] = []
        if (module_id := wanted.module_id) is not None:
            some = partial(holders.with_module, module_id=module_id)
            things.append((some, partial(holders.having_module, module_id=module_id)))
        if (code := wanted.template_code) is not None:
            version, older_than = wanted.template_version, wanted.template_older_than
            some = partial(holders.with_template, industry_code=code, version=version, older_than=older_than)
            having = partial(holders.having_template, industry_code=code, version=version, older_than=older_than)
            things.append((some, having))
        return things


def keeper(having: Having) -> Keep:
    """Keeps the rows of those who have a thing."""

    async def keep(transaction: Transaction, rows: Sequence[Any]) -> Sequence[Any]:
        ids = await having(transaction, [row["organization_id"] for row in rows])
        return [row for row in rows if row["organization_id"] in ids]

    return keep


def id_of(q: str | None) -> str | None:
    """The organization's id that `q` is; None when it is something else."""
    try:
        return str(UUID(q)) if q else None
    except ValueError:
        return None


def way_of(wanted: OrganizationFilter) -> tuple[list[Where], list[Where]]:
    """The conditions on columns: the one an index begins with, and the others."""
    status = {None: [], "active": [ACTIVE], "suspended": [SUSPENDED]}[wanted.status]
    if wanted.industry_code is not None:
        return [Where("industry_code = {0}", (wanted.industry_code,))], status
    return (status, []) if wanted.status == "suspended" else ([], status)
