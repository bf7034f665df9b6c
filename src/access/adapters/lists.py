"""The lists of users and of API tokens, for super admins."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeVar
from uuid import UUID

from msgspec import Struct

from access.domain import ApiToken, ApiTokenRole, Role
from shared.lists.cursors import Cursors
from shared.lists.keyset import LongList, Place, Question, Turn, Where, looking_up
from shared.lists.text_search import COLUMNS as LISTED
from shared.lists.text_search import SORT_KEY, beginnings_first, words_begin
from shared.ports import Database

Item = TypeVar("Item", bound=Struct)

UserSort = Literal["email", "-email"]
UserActivity = Literal["active", "inactive"]
ApiTokenSort = Literal["-created_at", "created_at"]
ApiTokenStatus = Literal["active", "expired", "revoked"]

SUPER_ADMIN = Where("role = 'super_admin'")
INACTIVE = Where("NOT is_active")
TOKEN_STATUS = {
    "active": Where("revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())"),
    "expired": Where("revoked_at IS NULL AND expires_at <= now()"),
    "revoked": Where("revoked_at IS NOT NULL"),
}


class User(Struct, frozen=True):
    """A user that can sign in, or could before a deactivation."""

    id: UUID
    email: str
    name: str | None
    role: Role
    organization_id: UUID | None
    is_active: bool
    created_at: datetime

    def __repr__(self) -> str:
        return f"User({self.id})"


class UserFilter(Struct, frozen=True):
    """All conditions that are given hold. `q`: each of its words begins a word of the e-mail or the name."""

    q: str | None = None
    organization_id: UUID | None = None
    role: Role | None = None
    status: UserActivity | None = None


class UserQuery(Struct, frozen=True):
    limit: int
    cursor: str | None = None
    sort: UserSort = "email"
    filter: UserFilter = UserFilter()


class UserPage(Struct, frozen=True):
    """Users by e-mail. `next_cursor` is null on the last page, and there alone.

    A page may have fewer items than `limit` before the last: it looks at a bounded number of users.
    """

    items: Sequence[User]
    next_cursor: str | None


class ApiTokenFilter(Struct, frozen=True):
    """All conditions that are given hold. `q`: each of its words begins a word of the name."""

    q: str | None = None
    organization_id: UUID | None = None
    role: ApiTokenRole | None = None
    status: ApiTokenStatus | None = None
    created_by: str | None = None


class ApiTokenQuery(Struct, frozen=True):
    limit: int
    cursor: str | None = None
    sort: ApiTokenSort = "-created_at"
    filter: ApiTokenFilter = ApiTokenFilter()


class ApiTokenPage(Struct, frozen=True):
    """API tokens by the time they were made. `next_cursor` is null on the last page, and there alone."""

    items: Sequence[ApiToken]
    next_cursor: str | None


@dataclass
class AccessLists:
    """Both methods raise `BadCursor`."""

    database: Database
    cursors: Cursors

    async def users(self, query: UserQuery) -> UserPage:
        return UserPage(*await self._page("users", query, user_list(query.filter, query.sort), User))

    async def api_tokens(self, query: ApiTokenQuery) -> ApiTokenPage:
        return ApiTokenPage(*await self._page("tokens", query, token_list(query.filter, query.sort), ApiToken))

    async def _page(
        self, name: str, query: UserQuery | ApiTokenQuery, question: Question, item: type[Item]
    ) -> tuple[Sequence[Item], str | None]:
        cursors = await self.cursors.of(name, query.sort, query.filter)
        after = cursors.place(query.cursor, Place)
        async with looking_up(self.database) as transaction:
            page = await LongList(transaction, question).page(after, query.limit)
        items = [item(*(row[name] for name in item.__struct_fields__)) for row in page.rows]
        return items, cursors.following(page.end)


def user_list(filter_: UserFilter, sort: UserSort) -> Question:
    """E-mails that begin with `q` come before those that have its words further on."""
    looked_up, tests = [], []
    if filter_.organization_id is not None:
        looked_up.append(Where("organization_id = {0}", (filter_.organization_id,)))
    if filter_.role == "super_admin":
        looked_up.append(SUPER_ADMIN)
    elif filter_.role is not None:
        tests.append(Where("role = {0}", (filter_.role,)))
    if filter_.status == "inactive":
        looked_up.append(INACTIVE)
    elif filter_.status is not None:
        tests.append(Where("is_active"))
    words = [words_begin(filter_.q)] if filter_.q is not None else []
    turn, descending = Turn(looked_up[:1], [*looked_up[1:], *tests, *words]), sort.startswith("-")
    return Question(
        table="access.users",
        columns=f"{', '.join(User.__struct_fields__)}, {LISTED}",
        key=SORT_KEY,
        id="id",
        descending=descending,
        turns=beginnings_first(turn, filter_.q, descending=descending) if filter_.q is not None else [turn],
        narrow=[*words, *looked_up] if words or len(looked_up) > 1 else [],
    )


def token_list(filter_: ApiTokenFilter, sort: ApiTokenSort) -> Question:
    """All in the order of their making; there are not many."""
    tests = [words_begin(filter_.q)] if filter_.q is not None else []
    looked_up = [] if filter_.created_by is None else [Where("created_by = {0}", (filter_.created_by,))]
    if filter_.organization_id is not None:
        tests.append(Where("organization_id = {0}", (filter_.organization_id,)))
    if filter_.role is not None:
        tests.append(Where("role = {0}", (filter_.role,)))
    if filter_.status is not None:
        tests.append(TOKEN_STATUS[filter_.status])
    return Question(
        table="access.api_tokens",
        columns=f"{', '.join(ApiToken.__struct_fields__)}, search_text",
        key="created_at",
        id="id",
        descending=sort.startswith("-"),
        turns=[Turn(looked_up, tests)],
    )
