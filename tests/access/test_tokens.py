import base64
import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import jwt
import pytest

from access.adapters.tokens import JwtIssuer, KeyRing, TokenAuthenticator
from access.domain import Account, SessionEnded, TokenExpired, TokenInvalid
from access.ports import SigningKey
from shared.ports import Caller
from tests.access.conftest import FakeLiveSessions, FakeSigningKeys
from tests.fakes import FakeClock

USER, ORGANIZATION, OPERATION, SESSION = UUID(int=1), UUID(int=2), UUID(int=3), UUID(int=4)
ADMIN = Account(USER, "organization_admin", ORGANIZATION, is_active=True, password_hash="")
SECRET = b"1" * 32


class Replica:
    """One process: its own key ring over the keys that all share."""

    def __init__(self, signing_keys: FakeSigningKeys, clock: FakeClock, *, max_remembered: int = 100) -> None:
        ring = KeyRing(signing_keys, clock)
        self.issuer = JwtIssuer(ring, clock)
        self.sessions = FakeLiveSessions()
        self.authenticator = TokenAuthenticator(ring, self.sessions, clock, max_remembered=max_remembered)

    async def token(self) -> str:
        return (await self.issuer.access_token(ADMIN, SESSION)).token


@pytest.fixture
def replica(signing_keys: FakeSigningKeys, clock: FakeClock) -> Replica:
    return Replica(signing_keys, clock)


def forged(clock: FakeClock, *, secret: bytes = SECRET, kid: str = "key-1", **changed: Any) -> str:
    issued_at = int(clock.now().timestamp())
    claims = {"sub": "1", "role": "service", "iss": "modplane", "iat": issued_at, "exp": issued_at + 60, **changed}
    return jwt.encode({k: v for k, v in claims.items() if v is not None}, secret, "HS256", {"kid": kid})


async def test_an_access_token_speaks_for_its_user(replica: Replica) -> None:
    issued = await replica.issuer.access_token(ADMIN, SESSION)
    assert issued.expires_in == 900
    assert "token" not in repr(issued).replace("IssuedToken", "")
    expected = Caller(str(USER), "organization_admin", str(ORGANIZATION), session_id=SESSION)
    assert await replica.authenticator.authenticate(issued.token) == expected


async def test_a_token_ends_with_its_session_also_when_it_is_remembered(replica: Replica) -> None:
    token = await replica.token()
    await replica.authenticator.authenticate(token)
    replica.sessions.ended.add(SESSION)
    with pytest.raises(SessionEnded):
        await replica.authenticator.authenticate(token)


async def test_a_token_names_its_key_its_issuer_and_its_time(replica: Replica, clock: FakeClock) -> None:
    token, now = await replica.token(), int(clock.now().timestamp())
    assert jwt.get_unverified_header(token) == {"alg": "HS256", "kid": "key-1", "typ": "JWT"}
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims == {
        "sub": str(USER),
        "role": "organization_admin",
        "org": str(ORGANIZATION),
        "sid": str(SESSION),
        "iss": "modplane",
        "iat": now,
        "exp": now + 900,
    }


async def test_an_operation_token_speaks_for_one_operation_for_an_hour(replica: Replica) -> None:
    issued = await replica.issuer.operation_token(OPERATION)
    caller = await replica.authenticator.authenticate(issued.token)
    assert issued.expires_in == 3600
    assert (caller.role, caller.operation_id, caller.organization_id) == ("signup", OPERATION, None)


async def test_another_replica_knows_the_token(
    replica: Replica, signing_keys: FakeSigningKeys, clock: FakeClock
) -> None:
    token = await replica.token()
    assert (await Replica(signing_keys, clock).authenticator.authenticate(token)).user_id == str(USER)


async def test_a_token_ends_to_the_second_also_when_it_is_remembered(replica: Replica, clock: FakeClock) -> None:
    token = await replica.token()
    clock.advance(timedelta(seconds=899))
    await replica.authenticator.authenticate(token)
    clock.advance(timedelta(seconds=1))
    for _ in range(2):
        with pytest.raises(TokenExpired):
            await replica.authenticator.authenticate(token)


async def test_a_remembered_token_asks_neither_store_nor_signature(
    replica: Replica, signing_keys: FakeSigningKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = await replica.token()
    caller = await replica.authenticator.authenticate(token)
    monkeypatch.setattr(jwt, "decode", None)
    assert await replica.authenticator.authenticate(token) is caller
    assert signing_keys.fetches == 1


async def test_the_least_recently_used_token_is_forgotten_first(
    signing_keys: FakeSigningKeys, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    replica = Replica(signing_keys, clock, max_remembered=2)
    first, second, third = [forged(clock, sub=name) for name in "abc"]
    for token in (first, second, first, third):
        await replica.authenticator.authenticate(token)
    monkeypatch.setattr(jwt, "decode", None)
    assert (await replica.authenticator.authenticate(first)).user_id == "a"
    with pytest.raises(TypeError):
        await replica.authenticator.authenticate(second)


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret": b"2" * 32},
        {"kid": "key-9"},
        {"iss": "somebody"},
        {"iss": None},
        {"exp": None},
        {"exp": "never"},
        {"iat": None},
        {"sub": None},
        {"role": None},
        {"role": 7},
        {"op": "no uuid"},
        {"aud": "others"},
        {"pad": "x" * 2048},
    ],
)
async def test_a_token_that_was_not_issued_here_is_refused(
    replica: Replica, clock: FakeClock, wrong: dict[str, Any]
) -> None:
    await replica.authenticator.authenticate(forged(clock))
    with pytest.raises(TokenInvalid):
        await replica.authenticator.authenticate(forged(clock, **wrong))


def header(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a.b.c",
        "ü.ü.ü",
        "\ud800",
        "x" * 100_000,
        header({"alg": "none", "kid": "key-1"}) + "." + header({"sub": "1", "role": "super_admin"}) + ".",
        header({"alg": "HS256"}) + ".e30.e30",
        header({"alg": "HS256", "kid": 1}) + ".e30.e30",
        header([]) + ".e30.e30",
        base64.urlsafe_b64encode(b"[" * 1500).decode() + ".e30.e30",
    ],
)
async def test_a_text_that_is_no_token_is_refused(replica: Replica, token: str) -> None:
    with pytest.raises(TokenInvalid) as refused:
        await replica.authenticator.authenticate(token)
    assert refused.value.__cause__ is None


async def test_a_new_key_is_found_when_a_token_names_it(
    replica: Replica, signing_keys: FakeSigningKeys, clock: FakeClock
) -> None:
    await replica.token()
    signing_keys.keys.append(SigningKey("key-2", b"2" * 32))
    clock.advance(timedelta(seconds=5))
    await replica.authenticator.authenticate(forged(clock, secret=b"2" * 32, kid="key-2"))


async def test_unknown_key_names_cost_one_look_at_the_store_in_five_seconds(
    replica: Replica, signing_keys: FakeSigningKeys, clock: FakeClock
) -> None:
    for second in range(10):
        for n in range(3):
            with pytest.raises(TokenInvalid):
                await replica.authenticator.authenticate(forged(clock, kid=f"unknown-{second}-{n}"))
        clock.advance(timedelta(seconds=1))
    assert signing_keys.fetches == 2


async def test_the_newest_key_signs_and_a_retired_one_stops_within_a_minute(
    replica: Replica, signing_keys: FakeSigningKeys, clock: FakeClock
) -> None:
    await replica.token()
    signing_keys.keys = [SigningKey("key-2", b"2" * 32)]
    clock.advance(timedelta(seconds=60))
    assert jwt.get_unverified_header(await replica.token())["kid"] == "key-2"
    with pytest.raises(TokenInvalid):
        await replica.authenticator.authenticate(forged(clock))
