"""Who a bearer token speaks for: a token of our own, an API token, or one that another issuer signed."""

import asyncio
from collections import OrderedDict
from datetime import datetime, timedelta

import structlog
from msgspec import Struct

from access.adapters.api_tokens import PostgresApiTokenReader
from access.adapters.oidc import IssuerKeys, OidcAuthenticator
from access.adapters.tokens import TokenAuthenticator
from access.api_tokens import API_TOKEN_PREFIX
from access.domain import ApiToken, TokenExpired, TokenInvalid
from access.ports import AccessSettings, OrganizationStanding
from access.sessions import hashed
from shared.errors import Unavailable
from shared.ports import Caller, Clock

log = structlog.get_logger(__name__)

TRUSTED_FOR = timedelta(seconds=3)
TRUSTED_IN_OUTAGE = timedelta(minutes=5)
MAX_REMEMBERED = 10_000
MAX_API_TOKEN_LENGTH = 100


class Remembered(Struct):
    """An API token as it was read, when that was, and when it was last tried."""

    token: ApiToken
    caller: Caller
    read_at: datetime
    tried_at: datetime


class ApiTokenAuthenticator:
    """A token is read again every three seconds, so a revocation reaches every process within three seconds.

    While the database is away, when nothing can be revoked, a token that was read is good for five minutes.
    """

    def __init__(self, tokens: PostgresApiTokenReader, clock: Clock, *, max_remembered: int = MAX_REMEMBERED) -> None:
        self._tokens = tokens
        self._clock = clock
        self._max_remembered = max_remembered
        self._remembered: OrderedDict[bytes, Remembered] = OrderedDict()
        self._reading: dict[bytes, asyncio.Task[Remembered]] = {}

    async def authenticate(self, token: str) -> Caller:
        """Raises `TokenExpired`, `TokenInvalid`, or `Unavailable`."""
        if len(token) > MAX_API_TOKEN_LENGTH:
            raise unknown()
        key, now = hashed(token), self._clock.now()
        known = self._remembered.get(key)
        if known is None or abs(now - known.tried_at) >= TRUSTED_FOR:
            known = await self._read_together(key)
        if known.token.expires_at is not None and known.token.expires_at <= now:
            raise TokenExpired("The API token has expired: ask a super admin for another.")
        return known.caller

    async def _read_together(self, key: bytes) -> Remembered:
        task = self._reading.get(key)
        if task is None:
            task = asyncio.create_task(self._read(key))
            self._reading[key] = task
            task.add_done_callback(lambda _: self._reading.pop(key, None))
        return await asyncio.shield(task)

    async def _read(self, key: bytes) -> Remembered:
        try:
            token = await self._tokens.by_hash(key)
        except Unavailable:
            if (trusted := self._still_trusted(key)) is None:
                raise
            return trusted
        if token is None or token.revoked_at is not None:
            self._remembered.pop(key, None)
            raise unknown()
        now = self._clock.now()
        known = Remembered(token, caller_of(token), now, now)
        self._remember(key, known)
        await self._note_use(token, now)
        return known

    def _still_trusted(self, key: bytes) -> Remembered | None:
        known, now = self._remembered.get(key), self._clock.now()
        if known is None or now - known.read_at >= TRUSTED_IN_OUTAGE:
            return None
        known.tried_at = now
        return known

    async def _note_use(self, token: ApiToken, now: datetime) -> None:
        try:
            await self._tokens.note_use(token, now)
        except Unavailable:
            log.info("api_token_use_not_noted", token_id=str(token.id))

    def _remember(self, key: bytes, known: Remembered) -> None:
        self._remembered[key] = known
        self._remembered.move_to_end(key)
        if len(self._remembered) > self._max_remembered:
            self._remembered.popitem(last=False)


class BearerAuthenticator:
    """Tells the kinds of tokens apart by their form."""

    def __init__(
        self, own: TokenAuthenticator, api_tokens: ApiTokenAuthenticator, oidc: OidcAuthenticator | None = None
    ) -> None:
        self._own = own
        self._api_tokens = api_tokens
        self._oidc = oidc

    async def authenticate(self, token: str) -> Caller:
        """Raises `Unauthenticated`, or what keeps a known caller out."""
        if token.startswith(API_TOKEN_PREFIX):
            return await self._api_tokens.authenticate(token)
        if self._oidc is not None and self._oidc.speaks_for(token):
            return await self._oidc.authenticate(token)
        return await self._own.authenticate(token)


def other_issuer(settings: AccessSettings, standing: OrganizationStanding, clock: Clock) -> OidcAuthenticator | None:
    """The issuer the settings name, if they name one."""
    if settings.oidc is None:
        return None
    return OidcAuthenticator(settings.oidc, IssuerKeys(settings.oidc.jwks_url, clock), standing, clock)


def caller_of(token: ApiToken) -> Caller:
    """The token's id stands where a person's would."""
    organization_id = str(token.organization_id) if token.organization_id else None
    return Caller(str(token.id), token.role, organization_id, scopes=frozenset(token.scopes))


def unknown() -> TokenInvalid:
    """One text for tokens that never were and those that were revoked."""
    return TokenInvalid("The API token is unknown or was revoked: ask a super admin for another.")
