"""Creates, deactivates and reactivates users: super admins, and owners of organizations that sign up."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec
from msgspec import Struct

from access.api_tokens import TokenLineage, named
from access.domain import (
    PENDING_OWNER_LIFETIME,
    Account,
    EmailBelongsToOtherRole,
    EmailTaken,
    LastSuperAdmin,
    NamedToken,
    PendingOwner,
    PendingOwnerGone,
    UserNotFound,
    UserState,
    valid_email,
    valid_name,
    valid_password,
)
from access.events import UserActivatedEvent, UserDeactivatedEvent, UserPasswordReplacedEvent, UserReactivatedEvent
from access.idempotency import Done, KeyedWrites
from access.ports import (
    AccessAuditLog,
    FreeEmails,
    KeyedWrite,
    Passwords,
    PendingOwnerStore,
    UserDirectory,
    Users,
)
from shared.errors import FieldError
from shared.eventlog.audit_log import AuditEvent
from shared.ports import Clock, Database, Ids, Transaction

STARTING_SERVICE = "system:start"
CREATING_OPERATOR = "system:cli"
SUPER_ADMIN = UserState("super_admin", None, is_active=True)

UserEvent = UserActivatedEvent | UserPasswordReplacedEvent | UserDeactivatedEvent | UserReactivatedEvent


class UserStatus(Struct, frozen=True):
    """`revoked_tokens`: those of a deactivated user that were revoked with it."""

    user_id: UUID
    status: Literal["active", "inactive"]
    revoked_tokens: Sequence[NamedToken] = ()


@dataclass
class PendingOwners:
    """Owners of organizations whose registration is not decided. The first to reserve an e-mail has it."""

    database: Database
    store: PendingOwnerStore
    emails: FreeEmails
    passwords: Passwords
    audit_log: AccessAuditLog
    clock: Clock

    async def hold(self, operation_id: UUID, email: str, name: str | None, password: str) -> None:
        """Reserve the e-mail for the operation. Idempotent, but it reserves again after a `discard`: `release` then.

        Raise `InvalidEmail`, `InvalidName`, `UnacceptablePassword` or `EmailTaken`.
        """
        address, called = valid_email(email), valid_name(name)
        password_hash = await self.passwords.hash(valid_password(password))
        now = self.clock.now()
        owner = PendingOwner(operation_id, address, called, password_hash, now + PENDING_OWNER_LIFETIME)
        async with self.database.writing() as transaction:
            if not await self.store.hold(transaction, owner, now):
                raise email_taken()

    async def check(self, operation_id: UUID, email: str, name: str | None, password: str) -> None:
        """Raise what `hold` would raise, and store nothing."""
        address = valid_email(email)
        valid_name(name)
        valid_password(password)
        async with self.database.snapshot() as transaction:
            if not await self.emails.is_free(transaction, address, operation_id, self.clock.now()):
                raise email_taken()

    async def release(self, operation_id: UUID) -> None:
        """Free the e-mail of an operation that will not be decided. Idempotent."""
        async with self.database.writing() as transaction:
            await self.store.discard(transaction, [operation_id])

    async def sweep(self) -> int:
        async with self.database.writing() as transaction:
            return await self.store.discard_expired(transaction, self.clock.now())

    async def pending(self, transaction: Transaction, operation_ids: Sequence[UUID]) -> frozenset[UUID]:
        """Return the operations whose owner can be activated, locked until the transaction ends."""
        return await self.store.pending(transaction, operation_ids, self.clock.now())

    async def activate(self, transaction: Transaction, owners: Sequence[tuple[UUID, UUID]], now: datetime) -> None:
        """Make (operation id, organization id) pairs users. Raises `PendingOwnerGone` when one is not pending."""
        if not owners:
            return
        activated = await self.store.activate(transaction, owners, now)
        if len(activated) != len(owners):
            raise PendingOwnerGone("The owner's signup is no longer pending. Sign up again.")
        await self.audit_log.record(transaction, [activation(*owner, now) for owner in activated])

    async def discard(self, transaction: Transaction, operation_ids: Sequence[UUID]) -> None:
        if operation_ids:
            await self.store.discard(transaction, operation_ids)


@dataclass
class SuperAdmins:
    database: Database
    users: Users
    passwords: Passwords
    audit_log: AccessAuditLog
    clock: Clock
    ids: Ids

    async def ensure_super_admin(self, email: str, password: str) -> None:
        """Create the super admin or replace the password. Idempotent, also in several processes at once.

        Raise `InvalidEmail`, `UnacceptablePassword`, or `EmailBelongsToOtherRole`.
        """
        address = valid_email(email)
        valid_password(password)
        async with self.database.snapshot() as transaction:
            account = await self.users.by_email(transaction, address)
        if account is None:
            await self._add(address, password, STARTING_SERVICE)
        elif account.role != SUPER_ADMIN.role:
            raise EmailBelongsToOtherRole(
                "The e-mail set for the super admin belongs to another user: set another one (MODPLANE_ADMIN_EMAIL)."
            )
        elif not await self.passwords.verifies(account.password_hash, password):
            await self._replace_password(account, password)

    async def create(self, email: str, password: str) -> UUID:
        """Raise `InvalidEmail`, `UnacceptablePassword`, or `EmailTaken`."""
        account = await self._add(valid_email(email), valid_password(password), CREATING_OPERATOR)
        if account is None:
            raise EmailTaken("A user with this e-mail exists: choose another e-mail.")
        return account.id

    async def _add(self, email: str, password: str, by: str) -> Account | None:
        password_hash = await self.passwords.hash(password)
        account = Account(self.ids.new(), SUPER_ADMIN.role, None, is_active=True, password_hash=password_hash)
        async with self.database.writing() as transaction:
            if not await self.users.add(transaction, account, email):
                return None
            event = UserActivatedEvent(account.id, None, SUPER_ADMIN.role)
            await self._record(transaction, account, event, by)
        return account

    async def _replace_password(self, account: Account, password: str) -> None:
        password_hash = await self.passwords.hash(password)
        async with self.database.writing() as transaction:
            if await self.users.replace_password(transaction, account, password_hash):
                event = UserPasswordReplacedEvent(account.id)
                await self._record(transaction, account, event, STARTING_SERVICE)

    async def _record(self, transaction: Transaction, account: Account, event: UserEvent, by: str) -> None:
        state = UserState(account.role, account.organization_id, account.is_active)
        recorded = user_event(event, state, by, self.ids.new(), self.clock.now())
        await self.audit_log.record(transaction, [recorded])


@dataclass
class UserAdministration:
    writes: KeyedWrites
    users: UserDirectory
    lineage: TokenLineage
    audit_log: AccessAuditLog
    clock: Clock
    ids: Ids

    async def deactivate(
        self, user_id: UUID, deactivated_by: str, reason: str | None = None, write: KeyedWrite | None = None
    ) -> UserStatus:
        """End the sessions, the API tokens the user made, and those made with them, also of an inactive user.

        Raise `UserNotFound`, `LastSuperAdmin`, or what `KeyedWrites` raises.
        """

        async def work(transaction: Transaction) -> Done:
            sessions = await self._deactivate(transaction, user_id, deactivated_by, reason)
            valid = [each.id for each in await self.lineage.valid(transaction, str(user_id))]
            tokens = await self.lineage.revoke(transaction, valid, deactivated_by, reason)
            status = UserStatus(user_id, "inactive", named(tokens))
            return Done(msgspec.json.encode(status), ended=[*sessions, *(token.id for token in tokens)])

        return await self._run(write, work)

    async def activate(
        self, user_id: UUID, activated_by: str, reason: str | None = None, write: KeyedWrite | None = None
    ) -> UserStatus:
        """Leave tokens revoked. Raise `UserNotFound`, or what `KeyedWrites` raises."""

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
        self, transaction: Transaction, account: Account, event: UserEvent, by: str, reason: str | None
    ) -> None:
        state = UserState(account.role, account.organization_id, isinstance(event, UserReactivatedEvent))
        recorded = user_event(event, state, by, self.ids.new(), self.clock.now(), reason)
        await self.audit_log.record(transaction, [recorded])


def email_taken() -> EmailTaken:
    detail = "This e-mail is taken. Sign in with it, or sign up with another one."
    return EmailTaken(detail, errors=[FieldError("/email", detail)])


def activation(operation_id: UUID, organization_id: UUID, now: datetime) -> AuditEvent:
    event = UserActivatedEvent(operation_id, organization_id, "organization_admin")
    state = UserState(event.role, organization_id, is_active=True)
    return user_event(event, state, str(operation_id), operation_id, now)


def user_event(
    event: UserEvent, state: UserState, by: str, operation_id: UUID, now: datetime, reason: str | None = None
) -> AuditEvent:
    return AuditEvent(
        aggregate_id=str(event.user_id),
        event=event,
        state=state,
        user_id=by,
        organization_id=state.organization_id,
        operation_id=operation_id,
        occurred_at=now,
        reason=reason,
    )
