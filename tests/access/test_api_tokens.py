import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from access.adapters.cached import TRUSTED_FOR, TRUSTED_IN_OUTAGE, ApiTokenAuthenticator, CredentialMemories
from access.adapters.lists import ApiTokenFilter
from access.api_tokens import CreatedApiToken, NewApiToken
from access.domain import ApiToken, ApiTokenNotFound, InvalidApiToken, InvalidName, TokenExpired, TokenInvalid
from access.events import ApiTokenCreatedEvent, ApiTokenRevokedEvent
from shared.errors import Unavailable
from shared.lists.cursors import BadCursor
from shared.lists.lister import ListParams
from shared.ports import Caller
from shared.postgres.database import PostgresDatabase
from tests.access.conftest import Access

CREATOR = "somebody"


class Outage(Unavailable):
    """The database is away."""


class ReadTokens:
    """The reader, counted, and away when a test says so."""

    def __init__(self, access: Access) -> None:
        self._reader = access.token_reader
        self.looks, self.away = 0, False

    async def api_token(self, token_hash: bytes) -> ApiToken | None:
        self.looks += 1
        if self.away:
            raise Outage("Away.")
        return await self._reader.api_token(token_hash)

    async def note_use(self, token: ApiToken, now: Any) -> None:
        await self._reader.note_use(token, now)


async def created(access: Access, creator: str = CREATOR, **wanted: Any) -> CreatedApiToken:
    return await access.api_tokens.create(NewApiToken(**({"name": "ci", "role": "super_admin"} | wanted)), creator)


async def test_a_token_speaks_under_its_own_id_with_its_role_and_scopes(access: Access) -> None:
    made = await created(access)
    assert made.token.startswith("mpt_")
    assert len(made.token) == 4 + 43
    caller = await access.bearer.authenticate(made.token)
    assert caller == Caller(str(made.described.id), "super_admin", scopes=frozenset({"read", "write"}))


async def test_a_service_reads_and_may_be_bound_to_one_organization(access: Access) -> None:
    organization_id = uuid4()
    made = await created(access, role="service", organization_id=organization_id)
    caller = await access.bearer.authenticate(made.token)
    assert (caller.role, caller.organization_id, caller.scopes) == (
        "service",
        str(organization_id),
        frozenset({"read"}),
    )


@pytest.mark.parametrize(
    ("wanted", "pointer"),
    [
        ({"role": "service", "scopes": ["read", "write"]}, "/scopes"),
        ({"organization_id": UUID(int=1)}, "/organization_id"),
        ({"name": "  "}, "/name"),
    ],
)
async def test_what_does_not_go_together_is_refused_and_named(
    access: Access, wanted: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(InvalidApiToken) as refused:
        await created(access, **wanted)
    assert refused.value.errors[0].pointer == pointer
    assert access.audit_log.events == []


async def test_a_name_that_cannot_be_shown_is_refused(access: Access) -> None:
    with pytest.raises(InvalidName):
        await created(access, name="a\x00b")


async def test_a_token_ends_at_its_time_also_when_it_is_remembered(access: Access) -> None:
    with pytest.raises(InvalidApiToken):
        await created(access, expires_at=access.clock.now())
    made = await created(access, expires_at=access.clock.now() + timedelta(seconds=2))
    await access.bearer.authenticate(made.token)
    access.clock.advance(timedelta(seconds=2))
    with pytest.raises(TokenExpired):
        await access.bearer.authenticate(made.token)


async def test_a_revoked_token_is_refused_by_every_process_within_three_seconds(access: Access) -> None:
    made = await created(access)
    replicas = [ApiTokenAuthenticator(access.token_reader, CredentialMemories(), access.clock) for _ in range(2)]
    for replica in replicas:
        await replica.authenticate(made.token)
    revoked = await access.api_tokens.revoke(made.described.id, CREATOR)
    assert revoked.revoked_at == access.clock.now()
    assert await access.api_tokens.revoke(made.described.id, CREATOR) == revoked
    access.clock.advance(TRUSTED_FOR)
    for replica in replicas:
        for _ in range(2):
            with pytest.raises(TokenInvalid):
                await replica.authenticate(made.token)


@pytest.mark.parametrize("with_minted", [False, True])
async def test_revoking_a_token_names_those_that_were_made_with_it(access: Access, *, with_minted: bool) -> None:
    first = await created(access)
    second = await created(access, str(first.described.id), name="second")
    third = await created(access, str(second.described.id), name="third", role="service")
    answer = await access.api_tokens.revoke(first.described.id, CREATOR, with_minted=with_minted)
    made = {"second", "third"}
    assert {each.name for each in answer.revoked_tokens} == (made if with_minted else set())
    assert {each.name for each in answer.living_tokens} == (set() if with_minted else made)
    for token in (second.token, third.token):
        if with_minted:
            with pytest.raises(TokenInvalid):
                await access.bearer.authenticate(token)
        else:
            await access.bearer.authenticate(token)


async def test_a_service_reads_all_events_only_where_it_was_asked_for(access: Access) -> None:
    by_default = await created(access, role="service")
    with_events = await created(access, role="service", scopes=["read", "events:read"])
    assert (await access.bearer.authenticate(by_default.token)).scopes == {"read"}
    assert (await access.bearer.authenticate(with_events.token)).scopes == {"read", "events:read"}


async def test_a_token_nobody_has_cannot_be_revoked(access: Access) -> None:
    with pytest.raises(ApiTokenNotFound):
        await access.api_tokens.revoke(uuid4(), CREATOR)


@pytest.mark.parametrize("token", ["mpt_", "mpt_" + "a" * 43, "mpt_" + "ü" * 43, "mpt_" + "a" * 100_000])
async def test_a_token_that_never_was_is_refused(access: Access, token: str) -> None:
    with pytest.raises(TokenInvalid):
        await access.bearer.authenticate(token)


async def test_creating_and_revoking_are_told_without_the_secret(access: Access) -> None:
    made = await created(access)
    await access.api_tokens.revoke(made.described.id, "another")
    told = [(type(fact.event), fact.aggregate_id, fact.user_id) for fact in access.audit_log.events]
    id_ = str(made.described.id)
    assert told == [(ApiTokenCreatedEvent, id_, CREATOR), (ApiTokenRevokedEvent, id_, "another")]
    async with access.database.snapshot() as transaction:
        row = str(await transaction.fetchval("SELECT api_tokens::text FROM access.api_tokens"))
    assert made.token[4:] not in row + repr(access.audit_log.events) + repr(made)


async def test_many_requests_cost_one_look_at_the_database_in_three_seconds(access: Access) -> None:
    made, tokens = await created(access), ReadTokens(access)
    replica = ApiTokenAuthenticator(tokens, CredentialMemories(), access.clock)  # type: ignore[arg-type]  # the same form
    for looks in (1, 2):
        await asyncio.gather(*(replica.authenticate(made.token) for _ in range(20)))
        assert tokens.looks == looks
        access.clock.advance(TRUSTED_FOR)


async def test_without_the_database_a_known_token_is_good_for_five_minutes(access: Access) -> None:
    made, tokens = await created(access), ReadTokens(access)
    replica = ApiTokenAuthenticator(tokens, CredentialMemories(), access.clock)  # type: ignore[arg-type]  # the same form
    await replica.authenticate(made.token)
    tokens.away = True
    with pytest.raises(Unavailable):
        await replica.authenticate("mpt_" + "b" * 43)
    access.clock.advance(TRUSTED_IN_OUTAGE - timedelta(seconds=1))
    await replica.authenticate(made.token)
    access.clock.advance(TRUSTED_FOR)
    with pytest.raises(Unavailable):
        await replica.authenticate(made.token)


async def test_the_last_use_is_noted_once_a_minute(access: Access) -> None:
    made, seen = await created(access), list[Any]()
    started = access.clock.now()
    for _ in range(4):
        await access.bearer.authenticate(made.token)
        seen.append((await access.api_token_list.page(ListParams(ApiTokenFilter(), 1))).items[0].last_used_at)
        access.clock.advance(timedelta(seconds=20))
    assert seen == [started] * 3 + [started + timedelta(minutes=1)]


async def test_the_least_recently_read_token_is_forgotten_first(access: Access) -> None:
    tokens = ReadTokens(access)
    replica = ApiTokenAuthenticator(tokens, CredentialMemories(), access.clock, max_remembered=2)  # type: ignore[arg-type]  # the same form
    first, second, third = [(await created(access)).token for _ in range(3)]
    for token in (first, second, third, third, second):
        await replica.authenticate(token)
    assert tokens.looks == 3
    await replica.authenticate(first)
    assert tokens.looks == 4


async def test_the_list_comes_in_pages_the_youngest_first(access: Access) -> None:
    made = [(await created(access, name=f"t{n}")).described for n in range(5)]
    names, cursor = list[str](), None
    while True:
        page = await access.api_token_list.page(ListParams(ApiTokenFilter(), 2, cursor))
        names += [token.name for token in page.items]
        if (cursor := page.next_cursor) is None:
            break
    by_id: Callable[[ApiToken], UUID] = lambda token: token.id  # noqa: E731 - a key
    assert names == [token.name for token in sorted(made, key=by_id, reverse=True)]


async def test_the_list_tells_living_tokens_from_others(access: Access, database: PostgresDatabase) -> None:
    organization_id = uuid4()
    nightly = (await created(access, name="nightly report", role="service")).described.id
    bound = (await created(access, name="Report of C", role="service", organization_id=organization_id)).described.id
    revoked = (await created(access, name="old")).described.id
    expired = (await created(access, name="older", role="service")).described.id
    await access.api_tokens.revoke(revoked, CREATOR)
    async with database.writing() as transaction:
        for number, id_ in enumerate((nightly, bound, revoked, expired)):
            made_at = "UPDATE access.api_tokens SET created_at = now() + $2 * interval '1 s' WHERE id = $1"
            await transaction.execute(made_at, id_, number)
        await transaction.execute("UPDATE access.api_tokens SET expires_at = now() WHERE id = $1", expired)
    for wanted, expected in (
        (ApiTokenFilter(), [expired, revoked, bound, nightly]),
        (ApiTokenFilter(status="active"), [bound, nightly]),
        (ApiTokenFilter(status="expired"), [expired]),
        (ApiTokenFilter(status="revoked"), [revoked]),
        (ApiTokenFilter(role="super_admin"), [revoked]),
        (ApiTokenFilter(organization_id=organization_id), [bound]),
        (ApiTokenFilter(q="rep"), [bound, nightly]),
        (ApiTokenFilter(q="old", status="active"), []),
        (ApiTokenFilter(created_by=CREATOR), [expired, revoked, bound, nightly]),
        (ApiTokenFilter(created_by=CREATOR, q="rep"), [bound, nightly]),
        (ApiTokenFilter(created_by="another"), []),
    ):
        page = await access.api_token_list.page(ListParams(wanted, 50))
        assert [token.id for token in page.items] == expected, wanted
    oldest = await access.api_token_list.page(ListParams(ApiTokenFilter(), 1, sort="created_at"))
    assert [token.id for token in oldest.items] == [nightly]
    with pytest.raises(BadCursor):
        await access.api_token_list.page(ListParams(ApiTokenFilter(), 1, oldest.next_cursor))
