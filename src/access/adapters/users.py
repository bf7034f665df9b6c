"""Users as a super admin administers them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from access.domain import Account
from shared.ports import Transaction

BY_ID = """
SELECT id, role, organization_id, is_active, password_hash FROM access.users WHERE id = $1 FOR UPDATE
"""

ACTIVE_SUPER_ADMINS = """
SELECT id FROM access.users WHERE role = 'super_admin' AND is_active ORDER BY id FOR UPDATE
"""

END_SESSIONS = "UPDATE access.sessions SET revoked_at = $2 WHERE user_id = $1 AND revoked_at IS NULL RETURNING id"


class PostgresUserDirectory:
    """Users, locked by whoever administers them."""

    async def by_id(self, transaction: Transaction, user_id: UUID) -> Account | None:
        """Locked until the transaction ends."""
        row = await transaction.fetchrow(BY_ID, user_id)
        return Account(*row) if row else None

    async def active_super_admins(self, transaction: Transaction) -> frozenset[UUID]:
        """All locked, so that two cannot deactivate each other at once."""
        return frozenset(row[0] for row in await transaction.fetch(ACTIVE_SUPER_ADMINS))

    async def set_active(
        self, transaction: Transaction, user_id: UUID, now: datetime, *, is_active: bool
    ) -> Sequence[UUID]:
        """With a deactivation all sessions end: their ids."""
        await transaction.execute("UPDATE access.users SET is_active = $2 WHERE id = $1", user_id, is_active)
        return [] if is_active else [row[0] for row in await transaction.fetch(END_SESSIONS, user_id, now)]
