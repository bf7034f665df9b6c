"""Users as a super admin sees and administers them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from access.domain import Account, Role
from shared.adapters.paging import Cursors
from shared.ports import Database, Transaction

BY_ID = """
SELECT id, role, organization_id, is_active, password_hash FROM access.users WHERE id = $1 FOR UPDATE
"""

ACTIVE_SUPER_ADMINS = """
SELECT id FROM access.users WHERE role = 'super_admin' AND is_active ORDER BY id FOR UPDATE
"""

END_SESSIONS = "UPDATE access.sessions SET revoked_at = $2 WHERE user_id = $1 AND revoked_at IS NULL"

PAGE = """
SELECT id, email, name, role, organization_id, is_active, created_at FROM access.users
WHERE email > $2 ORDER BY email LIMIT $1
"""

PAGE_OF_ORGANIZATION = """
SELECT id, email, name, role, organization_id, is_active, created_at FROM access.users
WHERE organization_id = $3 AND email > $2 ORDER BY email LIMIT $1
"""


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


class UserPage(Struct, frozen=True):
    """Users by e-mail. `next_cursor` is null on the last page."""

    items: Sequence[User]
    next_cursor: str | None


class PostgresUserDirectory:
    """Users, locked by whoever administers them."""

    async def by_id(self, transaction: Transaction, user_id: UUID) -> Account | None:
        """Locked until the transaction ends."""
        row = await transaction.fetchrow(BY_ID, user_id)
        return Account(*row) if row else None

    async def active_super_admins(self, transaction: Transaction) -> frozenset[UUID]:
        """All locked, so that two cannot deactivate each other at once."""
        return frozenset(row[0] for row in await transaction.fetch(ACTIVE_SUPER_ADMINS))

    async def set_active(self, transaction: Transaction, user_id: UUID, now: datetime, *, is_active: bool) -> None:
        """With a deactivation all sessions end."""
        await transaction.execute("UPDATE access.users SET is_active = $2 WHERE id = $1", user_id, is_active)
        if not is_active:
            await transaction.execute(END_SESSIONS, user_id, now)


class PostgresUserReader:
    """The list of users."""

    def __init__(self, database: Database, cursors: Cursors) -> None:
        self._database = database
        self._cursors = cursors

    async def page(self, limit: int, cursor: str | None, organization_id: UUID | None) -> UserPage:
        """Of one organization, or all. Raises `BadCursor`."""
        cursors = await self._cursors.of("users", organization_id)
        arguments: list[Any] = [limit + 1, cursors.place(cursor, str) or ""]
        query = PAGE
        if organization_id is not None:
            query, arguments = PAGE_OF_ORGANIZATION, [*arguments, organization_id]
        async with self._database.snapshot() as transaction:
            users = [User(*row) for row in await transaction.fetch(query, *arguments)]
        return UserPage(users[:limit], cursors.beyond(users, limit, lambda user: user.email))
