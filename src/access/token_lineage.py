"""Which tokens go back to a user or a token, so that who is let go takes none along."""

from collections.abc import Sequence
from uuid import UUID

from access.domain import ApiToken, ApiTokenState, NamedToken
from access.events import ApiTokenRevokedEvent
from access.ports import ApiTokenStore, Fact, FactLog
from shared.messages import Event
from shared.ports import Clock, Ids, Transaction


class TokenLineage:
    """The tokens that a user or a token made, and those made with them."""

    def __init__(self, store: ApiTokenStore, facts: FactLog, clock: Clock, ids: Ids) -> None:
        self._store = store
        self._facts = facts
        self._clock = clock
        self._ids = ids

    async def living(self, transaction: Transaction, creator: str) -> Sequence[ApiToken]:
        """Those that still let somebody in, also where the token they were made with does not. They are locked.

        Level by level: while its creator is locked nobody makes a token with it, so each level is complete.
        """
        now, found, seen, creators = self._clock.now(), list[ApiToken](), {creator}, [creator]
        while creators:
            minted = await self._store.minted_by(transaction, creators)
            found += [token for token in minted if str(token.id) not in seen]
            creators = [str(token.id) for token in minted if str(token.id) not in seen]
            seen.update(creators)
        return [
            each for each in found if each.revoked_at is None and (each.expires_at is None or each.expires_at > now)
        ]

    async def revoke(
        self, transaction: Transaction, token_ids: Sequence[UUID], by: str, reason: str | None
    ) -> Sequence[ApiToken]:
        """The tokens as they are afterwards, without those that were revoked before."""
        revoked = await self._store.revoke(transaction, token_ids, self._clock.now()) if token_ids else ()
        await self.record(
            transaction, [self.fact(token, ApiTokenRevokedEvent(token.id), by, reason) for token in revoked]
        )
        return revoked

    async def record(self, transaction: Transaction, facts: Sequence[Fact]) -> None:
        """In the event log."""
        if facts:
            await self._facts.record(transaction, facts)

    def fact(self, token: ApiToken, event: Event, by: str, reason: str | None) -> Fact:
        """What happened to a token."""
        return Fact(
            aggregate_id=str(token.id),
            event=event,
            state=ApiTokenState(token.role, token.organization_id, token.scopes, token.revoked_at is not None),
            user_id=by,
            organization_id=str(token.organization_id) if token.organization_id else None,
            operation_id=self._ids.new(),
            occurred_at=self._clock.now(),
            reason=reason,
        )


def named(tokens: Sequence[ApiToken]) -> Sequence[NamedToken]:
    """The tokens as an answer names them."""
    return [NamedToken(token.id, token.name) for token in tokens]
