"""Keeps users out, and lets them in again."""

from uuid import UUID

from access.domain import Account, LastSuperAdmin, UserNotFound, UserState
from access.events import UserDeactivatedEvent, UserReactivatedEvent
from access.ports import Fact, FactLog, UserDirectory
from shared.messages import Event
from shared.ports import Clock, Database, Ids, Transaction


class UserAdministration:
    """What a super admin does to users. Repeating it changes nothing."""

    def __init__(self, database: Database, users: UserDirectory, facts: FactLog, clock: Clock, ids: Ids) -> None:
        self._database = database
        self._users = users
        self._facts = facts
        self._clock = clock
        self._ids = ids

    async def deactivate(self, user_id: UUID, deactivated_by: str, reason: str | None = None) -> None:
        """He cannot sign in, and his sessions end; an access token he holds ends with its lifetime.

        Raises `UserNotFound`, or `LastSuperAdmin`: somebody must be able to let him in again.
        """
        async with self._database.writing() as transaction:
            super_admins = await self._users.active_super_admins(transaction)
            account = await self._account(transaction, user_id)
            if not account.is_active:
                return
            if super_admins == {user_id}:
                raise LastSuperAdmin("This is the last active super admin: create or activate another one first.")
            await self._users.set_active(transaction, user_id, self._clock.now(), is_active=False)
            await self._record(transaction, account, UserDeactivatedEvent(user_id), deactivated_by, reason)

    async def activate(self, user_id: UUID, activated_by: str, reason: str | None = None) -> None:
        """He can sign in again. Raises `UserNotFound`."""
        async with self._database.writing() as transaction:
            account = await self._account(transaction, user_id)
            if account.is_active:
                return
            await self._users.set_active(transaction, user_id, self._clock.now(), is_active=True)
            await self._record(transaction, account, UserReactivatedEvent(user_id), activated_by, reason)

    async def _account(self, transaction: Transaction, user_id: UUID) -> Account:
        account = await self._users.by_id(transaction, user_id)
        if account is None:
            raise UserNotFound(f"There is no user {user_id}. See GET /api/v1/users.")
        return account

    async def _record(
        self, transaction: Transaction, account: Account, event: Event, user_id: str, reason: str | None
    ) -> None:
        fact = Fact(
            aggregate_id=str(account.id),
            event=event,
            state=UserState(account.role, account.organization_id, isinstance(event, UserReactivatedEvent)),
            user_id=user_id,
            organization_id=str(account.organization_id) if account.organization_id else None,
            operation_id=self._ids.new(),
            occurred_at=self._clock.now(),
            reason=reason,
        )
        await self._facts.record(transaction, [fact])
