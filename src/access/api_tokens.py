"""Gives programs tokens of their own, and takes them back."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from access.domain import ApiToken, ApiTokenNotFound, ApiTokenRole, ApiTokenState, Scope, valid_api_token
from access.events import ApiTokenCreatedEvent, ApiTokenRevokedEvent
from access.ports import ApiTokenStore, Fact, FactLog, Secrets
from access.sessions import hashed
from shared.messages import Event
from shared.ports import Clock, Database, Ids

API_TOKEN_PREFIX = "mpt_"  # noqa: S105 - by which scanners know a leaked token


class WantedApiToken(Struct, frozen=True, kw_only=True):
    """What a token is to be good for. `scopes` None: all that the role may."""

    name: str
    role: ApiTokenRole
    organization_id: UUID | None = None
    scopes: Sequence[Scope] | None = None
    expires_at: datetime | None = None


class CreatedApiToken(Struct, frozen=True):
    """The one moment in which the secret is known."""

    token: str
    described: ApiToken

    def __repr__(self) -> str:
        return f"CreatedApiToken({self.described.id})"


class ApiTokens:
    """The database keeps the hash alone."""

    def __init__(
        self, database: Database, store: ApiTokenStore, secrets: Secrets, facts: FactLog, clock: Clock, ids: Ids
    ) -> None:
        self._database = database
        self._store = store
        self._secrets = secrets
        self._facts = facts
        self._clock = clock
        self._ids = ids

    async def create(self, wanted: WantedApiToken, created_by: str, reason: str | None = None) -> CreatedApiToken:
        """Raises `InvalidApiToken`."""
        token = valid_api_token(
            ApiToken(
                id=self._ids.new(),
                name=wanted.name,
                role=wanted.role,
                organization_id=wanted.organization_id,
                scopes=default_scopes(wanted.role) if wanted.scopes is None else sorted(set(wanted.scopes)),
                created_by=created_by,
                created_at=self._clock.now(),
                expires_at=wanted.expires_at,
            )
        )
        secret = API_TOKEN_PREFIX + self._secrets.new()
        event = ApiTokenCreatedEvent(
            token.id, token.name, token.role, token.organization_id, token.scopes, token.expires_at
        )
        async with self._database.writing() as transaction:
            await self._store.add(transaction, token, hashed(secret))
            await self._facts.record(transaction, [self._fact(token, event, created_by, reason)])
        return CreatedApiToken(secret, token)

    async def revoke(self, token_id: UUID, revoked_by: str, reason: str | None = None) -> ApiToken:
        """The token as it is afterwards. Repeating it changes nothing. Raises `ApiTokenNotFound`."""
        async with self._database.writing() as transaction:
            token = await self._store.revoke(transaction, token_id, self._clock.now())
            if token is not None:
                fact = self._fact(token, ApiTokenRevokedEvent(token.id), revoked_by, reason)
                await self._facts.record(transaction, [fact])
                return token
            known = await self._store.find(transaction, token_id)
        if known is None:
            raise ApiTokenNotFound(f"There is no API token {token_id}. See GET /api/v1/tokens.")
        return known

    def _fact(self, token: ApiToken, event: Event, user_id: str, reason: str | None) -> Fact:
        return Fact(
            aggregate_id=str(token.id),
            event=event,
            state=ApiTokenState(token.role, token.organization_id, token.scopes, token.revoked_at is not None),
            user_id=user_id,
            organization_id=str(token.organization_id) if token.organization_id else None,
            operation_id=self._ids.new(),
            occurred_at=self._clock.now(),
            reason=reason,
        )


def default_scopes(role: ApiTokenRole) -> Sequence[Scope]:
    """All that the role may."""
    return ("read",) if role == "service" else ("read", "write")
