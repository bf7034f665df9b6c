"""Gives a write without a command one effect and one answer for each Idempotency-Key. Refusals are not stored."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from msgspec import Struct

from access.domain import SecretNotKept
from access.ports import EndedCredentials, KeptOutcome, KeyedWrite, Seals, WriteOutcomes
from shared.ports import Clock, Database, Transaction

OUTCOME_KEPT = timedelta(days=30)
SECRET_KEPT = timedelta(hours=24)


class Done(Struct, frozen=True):
    """`secret` is sealed before it is stored, and no part of `body`; `ended` are credentials."""

    body: bytes
    secret: str | None = None
    ended: Sequence[UUID] = ()

    def __repr__(self) -> str:
        return "Done()"


@dataclass
class KeyedWrites:
    database: Database
    outcomes: WriteOutcomes
    seals: Seals
    memory: EndedCredentials
    clock: Clock

    async def run(self, write: KeyedWrite | None, work: Callable[[Transaction], Awaitable[Done]]) -> Done:
        """Return the first outcome, with what it ended refused. Raises `IdempotencyKeyReused` or `SecretNotKept`."""
        async with self.database.writing() as transaction:
            done = await self._once(transaction, write, work)
            await self.memory.announce(transaction, done.ended)
        self.memory.forget(done.ended)
        return done

    async def _once(
        self, transaction: Transaction, write: KeyedWrite | None, work: Callable[[Transaction], Awaitable[Done]]
    ) -> Done:
        if write is None:
            return await work(transaction)
        kept = await self.outcomes.claim(transaction, write, self.clock.now())
        if kept is not None:
            return Done(kept.body, secret=await self._kept_secret(write, kept) if kept.has_secret else None)
        done = await work(transaction)
        sealed = None if done.secret is None else await self.seals.seal(write, done.secret)
        await self.outcomes.keep(transaction, write.operation_id, done.body, sealed)
        return done

    async def _kept_secret(self, write: KeyedWrite, kept: KeptOutcome) -> str:
        fresh = self.clock.now() - kept.created_at < SECRET_KEPT
        secret = await self.seals.unseal(write, kept.sealed) if kept.sealed is not None and fresh else None
        if secret is None:
            raise SecretNotKept(
                "This was done, and its secret is kept for 24 hours alone. Revoke the token, and create another with a "
                "new Idempotency-Key."
            )
        return secret

    async def sweep(self) -> int:
        now = self.clock.now()
        async with self.database.writing() as transaction:
            return await self.outcomes.discard(transaction, now - SECRET_KEPT, now - OUTCOME_KEPT)


def as_uuid(id_: str) -> UUID | None:
    try:
        return UUID(id_)
    except ValueError:
        return None
