"""The list of users, for super admins."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

from access.domain import Role
from shared.lists.cursors import Cursors
from shared.lists.keyset import LongList, Place, Question, Turn, Where, looking_up
from shared.lists.text_search import COLUMNS as LISTED
from shared.lists.text_search import SORT_KEY, beginnings_first, words_begin
from shared.ports import Database

Sort = Literal["email", "-email"]
UserStanding = Literal["active", "inactive"]

COLUMNS = "id, email, name, role, organization_id, is_active, created_at"

SUPER_ADMIN = Where("role = 'super_admin'")
INACTIVE = Where("NOT is_active")


class User(Struct, frozen=True):
    """Somebody who can, or could, sign in."""

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
    """Which users: all that are given hold. `q`: each of its words begins a word of the e-mail or the name."""

    q: str | None = None
    organization_id: UUID | None = None
    role: Role | None = None
    status: UserStanding | None = None


class UserQuery(Struct, frozen=True):
    """A page of them."""

    limit: int
    cursor: str | None = None
    sort: Sort = "email"
    wanted: UserFilter = UserFilter()


class UserPage(Struct, frozen=True):
    """Users by e-mail. `next_cursor` is null on the last page, and there alone.

    A page may have fewer items than `limit` before the last: it looks at a bounded number of users.
    """

    items: Sequence[User]
    next_cursor: str | None


class PostgresUserReader:
    """Reads `access.users`."""

    def __init__(self, database: Database, cursors: Cursors) -> None:
        self._database = database
        self._cursors = cursors

    async def page(self, wanted: UserQuery) -> UserPage:
        """Raises `BadCursor`."""
        cursors = await self._cursors.of("users", wanted.sort, wanted.wanted)
        after = cursors.place(wanted.cursor, Place)
        async with looking_up(self._database) as transaction:
            page = await LongList(transaction, question(wanted.wanted, wanted.sort)).page(after, wanted.limit)
        users = [User(*(row[name] for name in User.__struct_fields__)) for row in page.rows]
        return UserPage(users, cursors.following(page.end))


def question(wanted: UserFilter, sort: Sort) -> Question:
    """E-mails that begin with `q` come before those that have its words further on."""
    looked_up, tests = [], []
    if wanted.organization_id is not None:
        looked_up.append(Where("organization_id = {0}", (wanted.organization_id,)))
    if wanted.role == "super_admin":
        looked_up.append(SUPER_ADMIN)
    elif wanted.role is not None:
        tests.append(Where("role = {0}", (wanted.role,)))
    if wanted.status == "inactive":
        looked_up.append(INACTIVE)
    elif wanted.status is not None:
        tests.append(Where("is_active"))
    words = [words_begin(wanted.q)] if wanted.q is not None else []
    turn, descending = Turn(looked_up[:1], [*looked_up[1:], *tests, *words]), sort.startswith("-")
    return Question(
        table="access.users",
        columns=f"{COLUMNS}, {LISTED}",
        key=SORT_KEY,
        id="id",
        descending=descending,
        turns=beginnings_first(turn, wanted.q, descending=descending) if wanted.q is not None else [turn],
        narrow=[*words, *looked_up] if words or len(looked_up) > 1 else [],
    )
