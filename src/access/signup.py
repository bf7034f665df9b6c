"""Keeps the owner of an organization that is being signed up until the registration is decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from access.domain import (
    PENDING_OWNER_LIFETIME,
    EmailTaken,
    PendingOwner,
    PendingOwnerGone,
    UserState,
    valid_email,
    valid_name,
    valid_password,
)
from access.events import UserActivatedEvent
from access.ports import Fact, FactLog, FreeEmails, Passwords, PendingOwnerStore
from shared.errors import FieldError
from shared.ports import Clock, Database, Transaction


@dataclass
class PendingOwners:
    """Owners between the request to sign up and its decision. The first to hold an e-mail has it.

    `hold`, `release` and `sweep` open their own transaction; the others work in the one that decides the registration.
    """

    database: Database
    store: PendingOwnerStore
    emails: FreeEmails
    passwords: Passwords
    facts: FactLog
    clock: Clock

    async def hold(self, operation_id: UUID, email: str, name: str | None, password: str) -> None:
        """Reserve the e-mail for the operation. Repeating it changes nothing, also after the activation.

        Repeated after a `discard` it holds the e-mail again: call `release` when the old refusal is reported then.
        Raises `InvalidEmail`, `InvalidName`, `UnacceptablePassword` or `EmailTaken`.
        """
        address, called = valid_email(email), valid_name(name)
        password_hash = await self.passwords.hash(valid_password(password))
        now = self.clock.now()
        owner = PendingOwner(operation_id, address, called, password_hash, now + PENDING_OWNER_LIFETIME)
        async with self.database.writing() as transaction:
            if not await self.store.hold(transaction, owner, now):
                raise email_taken()

    async def check(self, operation_id: UUID, email: str, name: str | None, password: str) -> None:
        """Raise what `hold` would raise, and keep nothing."""
        address = valid_email(email)
        valid_name(name)
        valid_password(password)
        async with self.database.snapshot() as transaction:
            if not await self.emails.is_free(transaction, address, operation_id, self.clock.now()):
                raise email_taken()

    async def release(self, operation_id: UUID) -> None:
        """Free the e-mail of an operation that will not be decided. Harmless to repeat."""
        async with self.database.writing() as transaction:
            await self.store.discard(transaction, [operation_id])

    async def sweep(self) -> int:
        """Delete expired owners and return how many there were."""
        async with self.database.writing() as transaction:
            return await self.store.discard_expired(transaction, self.clock.now())

    async def pending(self, transaction: Transaction, operation_ids: Sequence[UUID]) -> frozenset[UUID]:
        """Return the operations whose owner can be activated, locked until the transaction ends."""
        return await self.store.pending(transaction, operation_ids, self.clock.now())

    async def activate(self, transaction: Transaction, owners: Sequence[tuple[UUID, UUID]], now: datetime) -> None:
        """Make the owners, (operation id, organization id) pairs, users that can sign in, and record the facts.

        Raises `PendingOwnerGone` when one is not pending: no organization is registered without its owner.
        """
        if not owners:
            return
        activated = await self.store.activate(transaction, owners, now)
        if len(activated) != len(owners):
            raise PendingOwnerGone("The owner's signup is no longer pending. Sign up again.")
        await self.facts.record(transaction, [activation(*owner, now) for owner in activated])

    async def discard(self, transaction: Transaction, operation_ids: Sequence[UUID]) -> None:
        """Free the e-mails of refused registrations."""
        if operation_ids:
            await self.store.discard(transaction, operation_ids)


def email_taken() -> EmailTaken:
    detail = "This e-mail is taken. Sign in with it, or sign up with another one."
    return EmailTaken(detail, errors=[FieldError("/email", detail)])


def activation(operation_id: UUID, organization_id: UUID, now: datetime) -> Fact:
    return Fact(
        aggregate_id=str(operation_id),
        event=UserActivatedEvent(operation_id, organization_id, "organization_admin"),
        state=UserState("organization_admin", organization_id, is_active=True),
        user_id=str(operation_id),
        operation_id=operation_id,
        occurred_at=now,
    )
