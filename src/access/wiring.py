"""Binds this context. From outside come `Database`, `Clock`, `Ids`, statuses, `AccessAuditLog` and settings."""

from collections.abc import Iterator
from datetime import timedelta

from dishka import AnyOf, Provider, Scope, provide

from access.adapters.cached import (
    ApiTokenAuthenticator,
    BearerAuthenticator,
    CredentialMemories,
    SessionMemory,
    other_issuer,
)
from access.adapters.http import AuthController, UsersController
from access.adapters.http_tokens import ApiTokensController
from access.adapters.lists import PostgresApiTokenList, PostgresUserList
from access.adapters.passwords import Argon2Passwords, RedisSignInAttempts
from access.adapters.postgres import PostgresApiTokens, PostgresSessions, PostgresUserDirectory
from access.adapters.queries import (
    PostgresCredentialReader,
    PostgresPendingOwners,
    PostgresSigningKeys,
    PostgresUsers,
    PostgresWriteOutcomes,
    RandomSecrets,
)
from access.adapters.tokens import ACCESS_LIFETIME, JwtIssuer, KeyRing, SigningKeySeals, TokenAuthenticator
from access.api_tokens import ApiTokens, TokenLineage
from access.idempotency import KeyedWrites
from access.ports import (
    AccessSettings,
    AccessTokens,
    ApiTokenStore,
    EndedCredentials,
    FreeEmails,
    Passwords,
    PendingOwnerStore,
    Seals,
    Secrets,
    SessionStore,
    SignInAttempts,
    SigningKeys,
    UserDirectory,
    Users,
    WriteOutcomes,
)
from access.sessions import Sessions, SignIn
from access.users import PendingOwners, SuperAdmins, UserAdministration
from shared.ports import Authenticator, Clock, OrganizationStatuses
from shared.wiring import Context


class AccessProvider(Provider):
    """Everything lives as long as the process: key ring, remembered tokens and threads are one each."""

    scope = Scope.APP

    def __init__(self, token_lifetime: timedelta = ACCESS_LIFETIME) -> None:
        super().__init__()
        self._token_lifetime = token_lifetime

    users = provide(PostgresUsers, provides=Users)
    pending_owner_store = provide(PostgresPendingOwners, provides=AnyOf[PendingOwnerStore, FreeEmails])
    signing_keys = provide(PostgresSigningKeys, provides=SigningKeys)
    key_ring = provide(KeyRing)
    session_store = provide(PostgresSessions, provides=SessionStore)
    secrets = provide(RandomSecrets, provides=Secrets)
    sessions = provide(Sessions)
    api_token_store = provide(PostgresApiTokens, provides=ApiTokenStore)
    user_list = provide(PostgresUserList)
    api_token_list = provide(PostgresApiTokenList)
    lineage = provide(TokenLineage)
    api_tokens = provide(ApiTokens)
    memories = provide(CredentialMemories, provides=AnyOf[CredentialMemories, EndedCredentials])
    credential_reader = provide(PostgresCredentialReader)
    session_memory = provide(SessionMemory)
    write_outcomes = provide(PostgresWriteOutcomes, provides=WriteOutcomes)
    seals = provide(SigningKeySeals, provides=Seals)
    keyed_writes = provide(KeyedWrites)
    user_directory = provide(PostgresUserDirectory, provides=UserDirectory)
    user_administration = provide(UserAdministration)
    attempts = provide(RedisSignInAttempts, provides=SignInAttempts)
    sign_in = provide(SignIn)
    super_admins = provide(SuperAdmins)
    pending_owners = provide(PendingOwners)

    @provide
    def passwords(self) -> Iterator[Passwords]:
        passwords = Argon2Passwords()
        yield passwords
        passwords.close()

    @provide
    def issuer(self, keys: KeyRing, clock: Clock) -> AnyOf[JwtIssuer, AccessTokens]:
        return JwtIssuer(keys, clock, self._token_lifetime)

    @provide
    def own_tokens(self, keys: KeyRing, sessions: SessionMemory, clock: Clock) -> TokenAuthenticator:
        return TokenAuthenticator(keys, sessions, clock)

    @provide
    def programs_tokens(
        self, tokens: PostgresCredentialReader, memories: CredentialMemories, clock: Clock
    ) -> ApiTokenAuthenticator:
        return ApiTokenAuthenticator(tokens, memories, clock)

    @provide
    def authenticator(
        self,
        own: TokenAuthenticator,
        programs: ApiTokenAuthenticator,
        settings: AccessSettings,
        statuses: OrganizationStatuses,
        clock: Clock,
    ) -> Authenticator:
        return BearerAuthenticator(own, programs, other_issuer(settings, statuses, clock))


CONTEXT = Context(
    name="access", provider=AccessProvider(), controllers=[AuthController, ApiTokensController, UsersController]
)
