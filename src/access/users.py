"""Deactivates and reactivates users."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

import msgspec
from msgspec import Struct

from access.api_tokens import TokenLineage, named
from access.domain import Account, LastSuperAdmin, NamedToken, UserNotFound, UserState
from access.events import UserDeactivatedEvent, UserReactivatedEvent
from access.idempotency import Done, KeyedWrites
from access.ports import Fact, FactLog, KeyedWrite, UserDirectory
from shared.messages import Event
from shared.ports import Clock, Ids, Transaction


class UserStatus(Struct, frozen=True):
    """`revoked_tokens`: those of a deactivated user that were revoked with it."""

    user_id: UUID
    status: Literal["active", "inactive"]
    revoked_tokens: Sequence[NamedToken] = ()


@dataclass
class UserAdministration:
    """Repeating a change changes nothing."""

    writes: KeyedWrites
    users: UserDirectory
    lineage: TokenLineage
    facts: FactLog
    clock: Clock
    ids: Ids

    async def deactivate(
        self, user_id: UUID, deactivated_by: str, reason: str | None = None, write: KeyedWrite | None = None
    ) -> UserStatus:
        """End the user's sessions, the API tokens the user made, and those made with them.

        Tokens of a user who is inactive already end too. Raises `UserNotFound`, what `KeyedWrites` raises, or
        `LastSuperAdmin`: only a super admin could activate the user again.
        """

        async def work(transaction: Transaction) -> Done:
            sessions = await self._deactivate(transaction, user_id, deactivated_by, reason)
            living = [each.id for each in await self.lineage.living(transaction, str(user_id))]
            tokens = await self.lineage.revoke(transaction, living, deactivated_by, reason)
            status = UserStatus(user_id, "inactive", named(tokens))
            return Done(msgspec.json.encode(status), ended=[*sessions, *(token.id for token in tokens)])

        return await self._run(write, work)

    async def activate(
        self, user_id: UUID, activated_by: str, reason: str | None = None, write: KeyedWrite | None = None
    ) -> UserStatus:
        """Let the user sign in again; tokens stay revoked. Raises `UserNotFound`, or what `KeyedWrites` raises."""

        async def work(transaction: Transaction) -> Done:
            account = await self._account(transaction, user_id)
            if not account.is_active:
                await self.users.set_active(transaction, user_id, self.clock.now(), is_active=True)
                await self._record(transaction, account, UserReactivatedEvent(user_id), activated_by, reason)
            return Done(msgspec.json.encode(UserStatus(user_id, "active")))

        return await self._run(write, work)

    async def _run(self, write: KeyedWrite | None, work: Callable[[Transaction], Awaitable[Done]]) -> UserStatus:
        return msgspec.json.decode((await self.writes.run(write, work)).body, type=UserStatus)

    async def _deactivate(self, transaction: Transaction, user_id: UUID, by: str, reason: str | None) -> Sequence[UUID]:
        super_admins = await self.users.active_super_admins(transaction)
        account = await self._account(transaction, user_id)
        if not account.is_active:
            return ()
        if super_admins == {user_id}:
            raise LastSuperAdmin("This is the last active super admin: create or activate another one first.")
        sessions = await self.users.set_active(transaction, user_id, self.clock.now(), is_active=False)
        await self._record(transaction, account, UserDeactivatedEvent(user_id), by, reason)
        return sessions

    async def _account(self, transaction: Transaction, user_id: UUID) -> Account:
        account = await self.users.by_id(transaction, user_id)
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
            operation_id=self.ids.new(),
            occurred_at=self.clock.now(),
            reason=reason,
        )
        await self.facts.record(transaction, [fact])
