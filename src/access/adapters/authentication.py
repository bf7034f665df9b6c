"""Who a bearer token speaks for: a token of our own, an API token, or one that another issuer signed."""

from uuid import UUID

import structlog
from msgspec import Struct

from access.adapters.api_tokens import PostgresApiTokenReader
from access.adapters.credential_memory import MAX_REMEMBERED, CredentialMemories, CredentialMemory
from access.adapters.jwks import IssuerKeys
from access.adapters.oidc import OidcAuthenticator
from access.adapters.sessions import PostgresSessionReader
from access.adapters.tokens import TokenAuthenticator
from access.api_tokens import API_TOKEN_PREFIX
from access.domain import ApiToken, TokenExpired, TokenInvalid
from access.ports import AccessSettings
from access.sessions import ended, hashed
from shared.errors import Unavailable
from shared.ports import Caller, Clock, OrganizationStanding

log = structlog.get_logger(__name__)

MAX_API_TOKEN_LENGTH = 100


class KnownToken(Struct, frozen=True):
    """An API token, and who it speaks for."""

    token: ApiToken
    caller: Caller


class ApiTokenAuthenticator:
    """Tells who an API token speaks for. A revocation reaches every process at once, at the latest in three seconds."""

    def __init__(
        self,
        tokens: PostgresApiTokenReader,
        memories: CredentialMemories,
        clock: Clock,
        *,
        max_remembered: int = MAX_REMEMBERED,
    ) -> None:
        self._tokens = tokens
        self._clock = clock
        self._memory = CredentialMemory(self._read, clock, max_remembered=max_remembered)
        memories.join(self._memory.forget)

    async def authenticate(self, token: str) -> Caller:
        """Raises `TokenExpired`, `TokenInvalid`, or `Unavailable`."""
        if len(token) > MAX_API_TOKEN_LENGTH:
            raise unknown()
        known = await self._memory.get(hashed(token))
        if known.token.expires_at is not None and known.token.expires_at <= self._clock.now():
            raise TokenExpired("The API token has expired: ask a super admin for another.")
        return known.caller

    async def _read(self, key: bytes) -> tuple[UUID, KnownToken]:
        token = await self._tokens.by_hash(key)
        if token is None or token.revoked_at is not None:
            raise unknown()
        try:
            await self._tokens.note_use(token, self._clock.now())
        except Unavailable:
            log.info("api_token_use_not_noted", token_id=str(token.id))
        return token.id, KnownToken(token, caller_of(token))


class SessionMemory:
    """Tells whether a sign-in still stands. Its end reaches every process at once, at the latest in three seconds."""

    def __init__(self, sessions: PostgresSessionReader, memories: CredentialMemories, clock: Clock) -> None:
        self._sessions = sessions
        self._clock = clock
        self._memory = CredentialMemory(self._read, clock)
        memories.join(self._memory.forget)

    async def require(self, session_id: UUID) -> None:
        """Raises `SessionEnded`, or `Unavailable`."""
        await self._memory.get(session_id)

    async def _read(self, session_id: UUID) -> tuple[UUID, None]:
        if not await self._sessions.is_good(session_id, self._clock.now()):
            raise ended()
        return session_id, None


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
