"""Creates and revokes API tokens, and finds those that a user or a token made."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct

from access.domain import (
    ApiToken,
    ApiTokenNotFound,
    ApiTokenRole,
    ApiTokenState,
    CreatorLetGo,
    NamedToken,
    Scope,
    valid_api_token,
)
from access.events import ApiTokenCreatedEvent, ApiTokenRevokedEvent
from access.idempotency import Done, KeyedWrites, as_uuid
from access.ports import AccessAuditLog, ApiTokenStore, KeyedWrite, Secrets
from access.sessions import hashed
from shared.eventlog.audit_log import AuditEvent
from shared.messages import Event
from shared.ports import Clock, Ids, Transaction

API_TOKEN_PREFIX = "mpt_"  # noqa: S105 - by which scanners know a leaked token


class NewApiToken(Struct, frozen=True, kw_only=True):
    """`scopes` None: the role's default."""

    name: str
    role: ApiTokenRole
    organization_id: UUID | None = None
    scopes: Sequence[Scope] | None = None
    expires_at: datetime | None = None


class CreatedApiToken(Struct, frozen=True):
    """`token` is the secret, which is stored nowhere."""

    token: str
    described: ApiToken

    def __repr__(self) -> str:
        return f"CreatedApiToken({self.described.id})"


class RevokedApiToken(ApiToken, frozen=True, kw_only=True):
    """A revoked token, and those that were made with it, directly or by way of others.

    `revoked_tokens` were revoked together with it; `living_tokens` were left as they are.
    """

    revoked_tokens: Sequence[NamedToken] = ()
    living_tokens: Sequence[NamedToken] = ()


@dataclass
class TokenLineage:
    store: ApiTokenStore
    audit_log: AccessAuditLog
    clock: Clock
    ids: Ids

    async def valid(self, transaction: Transaction, creator: str) -> Sequence[ApiToken]:
        """Lock and return the usable tokens made by the creator, directly or by way of other tokens, usable or not."""
        now, tokens, seen, creators = self.clock.now(), list[ApiToken](), {creator}, [creator]
        while creators:
            minted = await self.store.minted_by(transaction, creators)
            tokens += [token for token in minted if str(token.id) not in seen]
            creators = [str(token.id) for token in minted if str(token.id) not in seen]
            seen.update(creators)
        return [
            each for each in tokens if each.revoked_at is None and (each.expires_at is None or each.expires_at > now)
        ]

    async def revoke(
        self, transaction: Transaction, token_ids: Sequence[UUID], by: str, reason: str | None
    ) -> Sequence[ApiToken]:
        revoked = await self.store.revoke(transaction, token_ids, self.clock.now()) if token_ids else ()
        events = [self.audit_event(token, ApiTokenRevokedEvent(token.id), by, reason) for token in revoked]
        await self.audit_log.record(transaction, events)
        return revoked

    def audit_event(self, token: ApiToken, event: Event, by: str, reason: str | None) -> AuditEvent:
        return AuditEvent(
            aggregate_id=str(token.id),
            event=event,
            state=ApiTokenState(token.role, token.organization_id, token.scopes, token.revoked_at is not None),
            user_id=by,
            organization_id=token.organization_id,
            operation_id=self.ids.new(),
            occurred_at=self.clock.now(),
            reason=reason,
        )


@dataclass
class ApiTokens:
    writes: KeyedWrites
    store: ApiTokenStore
    lineage: TokenLineage
    secrets: Secrets
    clock: Clock
    ids: Ids

    async def create(
        self, new: NewApiToken, created_by: str, reason: str | None = None, write: KeyedWrite | None = None
    ) -> CreatedApiToken:
        """Raise `InvalidApiToken`, `CreatorLetGo`, or what `KeyedWrites` raises."""

        async def work(transaction: Transaction) -> Done:
            made = await self._create(transaction, new, created_by, reason)
            return Done(msgspec.json.encode(made.described), secret=made.token)

        done = await self.writes.run(write, work)
        return CreatedApiToken(done.secret or "", msgspec.json.decode(done.body, type=ApiToken))

    async def revoke(
        self,
        token_id: UUID,
        revoked_by: str,
        reason: str | None = None,
        write: KeyedWrite | None = None,
        *,
        with_minted: bool = False,
    ) -> RevokedApiToken:
        """Idempotent. Raise `ApiTokenNotFound`, or what `KeyedWrites` raises."""

        async def work(transaction: Transaction) -> Done:
            answer = await self._revoke(transaction, token_id, revoked_by, reason, with_minted=with_minted)
            return Done(msgspec.json.encode(answer), ended=[token_id, *(each.id for each in answer.revoked_tokens)])

        return msgspec.json.decode((await self.writes.run(write, work)).body, type=RevokedApiToken)

    async def _create(
        self, transaction: Transaction, new: NewApiToken, created_by: str, reason: str | None
    ) -> CreatedApiToken:
        token = valid_api_token(
            ApiToken(
                id=self.ids.new(),
                name=new.name,
                role=new.role,
                organization_id=new.organization_id,
                scopes=default_scopes(new.role) if new.scopes is None else sorted(set(new.scopes)),
                created_by=created_by,
                created_at=self.clock.now(),
                expires_at=new.expires_at,
            )
        )
        creator = as_uuid(created_by)
        if creator is not None and not await self.store.may_mint(transaction, creator):
            raise CreatorLetGo(
                "The creator of this token was deactivated or revoked during the request: sign in again."
            )
        secret = API_TOKEN_PREFIX + self.secrets.new()
        event = creation(token)
        await self.store.add(transaction, token, hashed(secret))
        recorded = self.lineage.audit_event(token, event, created_by, reason)
        await self.lineage.audit_log.record(transaction, [recorded])
        return CreatedApiToken(secret, token)

    async def _revoke(
        self, transaction: Transaction, token_id: UUID, by: str, reason: str | None, *, with_minted: bool
    ) -> RevokedApiToken:
        await self.lineage.revoke(transaction, [token_id], by, reason)
        token = await self.store.find(transaction, token_id)
        if token is None:
            raise ApiTokenNotFound(f"There is no API token {token_id}. See GET /api/v1/tokens.")
        valid = await self.lineage.valid(transaction, str(token_id))
        if with_minted:
            await self.lineage.revoke(transaction, [each.id for each in valid], by, reason)
        revoked, left = (named(valid), ()) if with_minted else ((), named(valid))
        return RevokedApiToken(
            **msgspec.structs.asdict(token),
            revoked_tokens=revoked,
            living_tokens=left,
        )


def creation(token: ApiToken) -> ApiTokenCreatedEvent:
    return ApiTokenCreatedEvent(
        token.id,
        token.name,
        token.role,
        token.organization_id,
        [scope for scope in token.scopes if scope != "events:read"],
        token.expires_at,
        [scope for scope in token.scopes if scope == "events:read"],
    )


def default_scopes(role: ApiTokenRole) -> Sequence[Scope]:
    """Return all scopes of the role except `events:read`, which is never implied."""
    return ("read",) if role == "service" else ("read", "write")


def named(tokens: Sequence[ApiToken]) -> Sequence[NamedToken]:
    return [NamedToken(token.id, token.name) for token in tokens]
