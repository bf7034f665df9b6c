"""Tokens of another issuer, signed by real keys."""

import asyncio
import hmac
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import jwt
import pytest
from structlog.testing import capture_logs

from access.adapters.oidc import IssuerHasNoKeys, IssuerKeys, IssuerUnreachable, OidcAuthenticator
from access.domain import ClaimNotUnderstood, NoRoleHere, OrganizationSuspended, TokenExpired, TokenInvalid
from access.ports import OidcSettings
from shared.errors import Unavailable
from shared.ports import Caller
from tests.access.conftest import FakeStanding
from tests.fakes import FakeClock
from tests.support.polling import eventually

NEEDED = "asymmetric signatures need `pyjwt[crypto]`"
ec = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ec", reason=NEEDED)
ed25519 = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ed25519", reason=NEEDED)
rsa = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.rsa", reason=NEEDED)

ISSUER, AUDIENCE, URL = "https://id.example.com/", "modplane", "https://id.example.com/jwks"
ORGANIZATION = UUID(int=7)
KEYS: dict[str, Any] = {
    "RS256": rsa.generate_private_key(65537, 2048),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}
FORMS = {"RS256": "RSAAlgorithm", "ES256": "ECAlgorithm", "EdDSA": "OKPAlgorithm"}


def public(algorithm: str, kid: str, **changed: Any) -> dict[str, Any]:
    described: dict[str, Any] = json.loads(
        getattr(jwt.algorithms, FORMS[algorithm]).to_jwk(KEYS[algorithm].public_key())
    )
    return {**described, "kid": kid, "alg": algorithm, "use": "sig", **changed}


class Issuer:
    """What the issuer publishes, and what it signs. `away`: it does not answer."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.published = [public(algorithm, algorithm) for algorithm in KEYS]
        self.fetches, self.away = 0, False
        self.keys = IssuerKeys(URL, clock, self.read)
        self.document: bytes | None = None

    def read(self, url: str) -> bytes:
        assert url == URL
        self.fetches += 1
        if self.away:
            raise OSError("away")
        if self.document is not None:
            return self.document
        return json.dumps({"keys": self.published}).encode()

    def token(self, algorithm: str = "RS256", kid: str | None = None, **changed: Any) -> str:
        now = int(self.clock.now().timestamp())
        claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ada", "iat": now, "exp": now + 3600, "role": "super_admin"}
        said = {name: value for name, value in (claims | changed).items() if value is not None}
        return jwt.encode(said, KEYS[algorithm], algorithm, {"kid": kid or algorithm} if kid != "" else {})


@pytest.fixture
def issuer(clock: FakeClock) -> Issuer:
    return Issuer(clock)


@pytest.fixture
def standing() -> FakeStanding:
    return FakeStanding()


def authenticator_of(issuer: Issuer, standing: FakeStanding, **changed: str) -> OidcAuthenticator:
    claims = {"role_claim": "role", "organization_claim": "org"} | changed
    settings = OidcSettings(issuer=ISSUER, audience=AUDIENCE, jwks_url=URL, **claims)
    issuer.keys = IssuerKeys(URL, issuer.clock, issuer.read)
    return OidcAuthenticator(settings, issuer.keys, standing, issuer.clock)


@pytest.fixture
def oidc(issuer: Issuer, standing: FakeStanding) -> OidcAuthenticator:
    return authenticator_of(issuer, standing)


@pytest.mark.parametrize("algorithm", KEYS)
async def test_a_token_speaks_for_its_subject(oidc: OidcAuthenticator, issuer: Issuer, algorithm: str) -> None:
    token = issuer.token(algorithm)
    assert oidc.may_have_issued(token)
    assert await oidc.authenticate(token) == Caller("oidc:ada", "super_admin")


@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": "https://elsewhere.example.com/"},
        {"iss": None},
        {"aud": "another"},
        {"aud": None},
        {"exp": None},
        {"exp": "never"},
        {"sub": None},
        {"sub": ""},
        {"sub": "a" * 256},
        {"sub": "a\x00b"},
        {"nbf": 4_000_000_000},
        {"kid": "unknown"},
    ],
)
async def test_a_token_that_is_not_for_us_is_refused(
    oidc: OidcAuthenticator, issuer: Issuer, wrong: dict[str, Any]
) -> None:
    await oidc.authenticate(issuer.token())
    with pytest.raises(TokenInvalid):
        await oidc.authenticate(issuer.token(**wrong))


async def test_an_expired_token_is_refused_to_the_second_also_when_remembered(
    oidc: OidcAuthenticator, issuer: Issuer
) -> None:
    token = issuer.token(exp=int(issuer.clock.now().timestamp()) + 5)
    await oidc.authenticate(token)
    issuer.clock.advance(timedelta(seconds=5))
    for _ in range(2):
        with pytest.raises(TokenExpired):
            await oidc.authenticate(token)


def unsigned(header: Mapping[str, Any], said: Mapping[str, Any]) -> str:
    parts = [jwt.utils.base64url_encode(json.dumps(part).encode()).decode() for part in (header, said)]
    return ".".join([*parts, ""])


def signed_by_secret(published: Mapping[str, Any], said: Mapping[str, Any]) -> str:
    """Forged by taking what the issuer publishes for a shared secret."""
    content = unsigned({"alg": "HS256", "kid": published["kid"]}, said)[:-1]
    signature = hmac.digest(json.dumps(published).encode(), content.encode(), "sha256")
    return f"{content}.{jwt.utils.base64url_encode(signature).decode()}"


async def test_other_algorithms_are_refused_whatever_key_they_name(oidc: OidcAuthenticator, issuer: Issuer) -> None:
    said = jwt.decode(issuer.token(), options={"verify_signature": False})
    forged = [
        unsigned({"alg": "none", "kid": "RS256"}, said),
        signed_by_secret(public("RS256", "RS256"), said),
        jwt.encode(said, KEYS["RS256"], "RS512", {"kid": "RS256"}),
        jwt.encode(said, KEYS["RS256"], "PS256", {"kid": "RS256"}),
        jwt.encode(said, KEYS["ES256"], "ES256", {"kid": "RS256"}),
        issuer.token()[:-8] + "AAAAAAAA",
        "a.b.c",
    ]
    for token in forged:
        with pytest.raises(TokenInvalid):
            await oidc.authenticate(token)


async def test_a_published_secret_or_an_encryption_key_verifies_nothing(clock: FakeClock) -> None:
    shared = {"kty": "oct", "kid": "oct", "k": "MTIz", "alg": "HS256"}
    listed = [shared, public("RS256", "enc", use="enc"), public("RS256", "ps", alg="PS256"), {"kty": "RSA"}, 7]
    odd = [{"kty": "oct", "kid": "odd"}, {"kty": [], "alg": []}, {"kty": "RSA", "n": 7, "e": {}}]
    keys = IssuerKeys(URL, clock, lambda _: json.dumps({"keys": [*listed, *odd, public("ES256", "good")]}).encode())
    await keys.look_again()
    assert [kid for kid in ("oct", "enc", "ps", "odd", "good") if keys.names(kid)] == ["good"]


async def test_a_new_key_is_found_at_once_and_unknown_ones_cost_one_look_in_ten_seconds(
    oidc: OidcAuthenticator, issuer: Issuer
) -> None:
    await oidc.authenticate(issuer.token())
    issuer.published.append(public("ES256", "new"))
    issuer.clock.advance(timedelta(seconds=10))
    await oidc.authenticate(issuer.token("ES256", kid="new"))
    assert issuer.fetches == 2
    for second in range(20):
        issuer.clock.advance(timedelta(seconds=1))
        answers = [oidc.authenticate(issuer.token(kid=f"unknown-{second}-{n}")) for n in range(3)]
        refused = await asyncio.gather(*answers, return_exceptions=True)
        assert [type(each) for each in refused] == [TokenInvalid] * 3
    assert issuer.fetches == 4


async def test_a_withdrawn_key_is_worth_nothing_after_the_next_look(oidc: OidcAuthenticator, issuer: Issuer) -> None:
    token = issuer.token()
    await oidc.authenticate(token)
    issuer.published = [public("ES256", "ES256")]
    issuer.clock.advance(timedelta(minutes=10))
    await oidc.authenticate(token)
    await eventually(lambda: not issuer.keys.names("RS256"), "the second look")
    issuer.clock.advance(timedelta(minutes=1))
    with pytest.raises(TokenInvalid):
        await oidc.authenticate(token)


async def test_while_the_issuer_is_away_its_known_keys_serve_and_unknown_ones_wait(
    oidc: OidcAuthenticator, issuer: Issuer
) -> None:
    issuer.away = True
    with pytest.raises(IssuerUnreachable):
        await oidc.authenticate(issuer.token())
    issuer.away = False
    issuer.clock.advance(timedelta(seconds=10))
    await oidc.authenticate(issuer.token())
    issuer.away = True
    for _ in range(3):
        issuer.clock.advance(timedelta(minutes=15))
        await oidc.authenticate(issuer.token())
        await asyncio.sleep(0)


async def test_a_key_nobody_knows_proves_nothing_while_the_issuer_is_away(
    oidc: OidcAuthenticator, issuer: Issuer
) -> None:
    await oidc.authenticate(issuer.token())
    issuer.published.append(public("ES256", "new"))
    issuer.away = True
    for seconds in (10, 1, 10):  # a look that fails, none within ten seconds, and another that fails
        issuer.clock.advance(timedelta(seconds=seconds))
        with pytest.raises(IssuerUnreachable):
            await oidc.authenticate(issuer.token("ES256", kid="new"))
    with pytest.raises(TokenInvalid):
        await oidc.authenticate(issuer.token()[:-8] + "AAAAAAAA")
    issuer.away = False
    issuer.clock.advance(timedelta(seconds=10))
    await oidc.authenticate(issuer.token("ES256", kid="new"))


@pytest.mark.parametrize(
    ("document", "error"),
    [
        (b"<html>Back soon</html>", IssuerUnreachable),
        (b'{"error": "busy"}', IssuerUnreachable),
        (b'{"keys": 7}', IssuerUnreachable),
        (b'{"keys": []}', IssuerHasNoKeys),
        (b'{"keys": [{"kty": "oct", "k": "MTIz"}, {"kty": "RSA"}, 7]}', IssuerHasNoKeys),
    ],
)
async def test_an_answer_without_usable_keys_makes_no_token_wrong_and_is_logged(
    oidc: OidcAuthenticator, issuer: Issuer, document: bytes, error: type[Unavailable]
) -> None:
    issuer.document = document
    with capture_logs() as lines, pytest.raises(error):
        await oidc.authenticate(issuer.token())
    assert {line["event"] for line in lines} & {"jwks_not_read", "jwks_without_usable_key"}


@pytest.mark.parametrize("kid", ["", "any"])
async def test_a_key_without_a_name_verifies_what_it_signed(oidc: OidcAuthenticator, issuer: Issuer, kid: str) -> None:
    issuer.published = [public("RS256", ""), public("ES256", "")]
    for key in issuer.published:
        del key["kid"]
    for algorithm in ("RS256", "ES256"):
        await oidc.authenticate(issuer.token(algorithm, kid=kid))
    assert issuer.fetches == 1
    other = rsa.generate_private_key(65537, 2048)
    said = jwt.decode(issuer.token(), options={"verify_signature": False})
    with pytest.raises(TokenInvalid):
        await oidc.authenticate(jwt.encode(said, other, "RS256"))


async def test_a_new_key_without_a_name_is_found(oidc: OidcAuthenticator, issuer: Issuer) -> None:
    issuer.published = [{**public("RS256", ""), "kid": None}]
    await oidc.authenticate(issuer.token(kid=""))
    issuer.published = [{**public("ES256", ""), "kid": None}]
    issuer.clock.advance(timedelta(seconds=10))
    await oidc.authenticate(issuer.token("ES256", kid=""))


async def test_a_token_that_names_no_key_may_be_signed_by_a_named_one(oidc: OidcAuthenticator, issuer: Issuer) -> None:
    assert (await oidc.authenticate(issuer.token("ES256", kid=""))).role == "super_admin"


async def test_many_that_come_first_together_cost_one_look(oidc: OidcAuthenticator, issuer: Issuer) -> None:
    await asyncio.gather(*(oidc.authenticate(issuer.token(sub=f"user-{n}")) for n in range(10)))
    assert issuer.fetches == 1


@pytest.mark.parametrize(
    ("said", "role"),
    [
        (["x", "service", "super_admin"], "super_admin"),
        ("service", "service"),
        (["nothing"], None),
        (7, None),
        ({"a": 1}, None),
    ],
)
async def test_the_role_comes_from_the_configured_claim(
    issuer: Issuer, standing: FakeStanding, said: Any, role: str | None
) -> None:
    oidc = authenticator_of(issuer, standing, role_claim="realm_access.roles")
    token = issuer.token(role="super_admin", realm_access={"roles": said})
    if role is None:
        with pytest.raises(NoRoleHere):
            await oidc.authenticate(token)
    else:
        assert (await oidc.authenticate(token)).role == role


async def test_an_organizations_admin_needs_an_organization_that_is_not_suspended(
    oidc: OidcAuthenticator, issuer: Issuer, standing: FakeStanding
) -> None:
    with pytest.raises(NoRoleHere):
        await oidc.authenticate(issuer.token(role="organization_admin"))
    token = issuer.token(role="organization_admin", org=str(ORGANIZATION).upper())
    assert (await oidc.authenticate(token)).organization_id == str(ORGANIZATION)
    standing.suspended.add(ORGANIZATION)
    issuer.clock.advance(timedelta(minutes=1))
    with pytest.raises(OrganizationSuspended):
        await oidc.authenticate(token)


NOT_ONE_ID: list[Any] = [
    "acme",
    "",
    " ",
    7,
    True,
    {},
    {"id": str(ORGANIZATION)},
    [],
    ["acme"],
    [7],
    [[str(ORGANIZATION)]],
    [str(ORGANIZATION), str(UUID(int=8))],
    [str(ORGANIZATION), "acme"],
    f"{ORGANIZATION} {ORGANIZATION}",
    str(ORGANIZATION)[:-1],
]


@pytest.mark.parametrize("org", NOT_ONE_ID, ids=str)
@pytest.mark.parametrize("role", ["service", "organization_admin", "super_admin"])
async def test_an_organization_that_is_not_understood_makes_nobody_unbound(
    oidc: OidcAuthenticator, issuer: Issuer, role: str, org: Any
) -> None:
    with pytest.raises(ClaimNotUnderstood, match="`org`"):
        await oidc.authenticate(issuer.token(role=role, org=org))


async def test_a_claim_that_is_null_or_ends_half_way_is_not_absent(issuer: Issuer, standing: FakeStanding) -> None:
    said = jwt.decode(issuer.token(role="service"), options={"verify_signature": False})
    plain, nested = authenticator_of(issuer, standing), authenticator_of(issuer, standing, organization_claim="org.id")
    for oidc, org in ((plain, None), (nested, None), (nested, "acme"), (nested, {}), (nested, {"id": None})):
        token = jwt.encode(said | {"org": org}, KEYS["RS256"], "RS256", {"kid": "RS256"})
        with pytest.raises(ClaimNotUnderstood):
            await oidc.authenticate(token)
    bound = await nested.authenticate(issuer.token(role="service", org={"id": [str(ORGANIZATION)]}))
    assert bound.organization_id == str(ORGANIZATION)


@pytest.mark.parametrize("org", [str(ORGANIZATION), [str(ORGANIZATION)], ORGANIZATION.hex, f"urn:uuid:{ORGANIZATION}"])
async def test_one_id_binds_a_service_and_none_leaves_it_unbound(
    oidc: OidcAuthenticator, issuer: Issuer, org: Any
) -> None:
    assert (await oidc.authenticate(issuer.token(role="service", org=org))).organization_id == str(ORGANIZATION)
    assert (await oidc.authenticate(issuer.token(role="service"))).organization_id is None


@pytest.mark.parametrize("role", ["", "Service", "service super_admin", None, 7, {}, [], [["service"]], {"service": 1}])
async def test_a_role_that_is_not_understood_is_none(issuer: Issuer, standing: FakeStanding, role: Any) -> None:
    oidc = authenticator_of(issuer, standing)
    said = jwt.decode(issuer.token(), options={"verify_signature": False})
    with pytest.raises(NoRoleHere):
        await oidc.authenticate(jwt.encode(said | {"role": role}, KEYS["RS256"], "RS256", {"kid": "RS256"}))


@pytest.mark.parametrize(
    ("said", "scopes"),
    [
        ({}, {"read", "write"}),
        ({"scope": "openid profile email"}, {"read", "write"}),
        ({"scope": "read"}, {"read"}),
        ({"scope": "openid read events:read"}, {"read", "events:read"}),
        ({"scp": ["read", "write"]}, {"read", "write"}),
        ({"scopes": ["read write"]}, {"read", "write"}),
        ({"scope": "read write", "scp": "read"}, {"read"}),
        ({"scope": "read", "scp": "write"}, set()),
        ({"scope": "openid", "scp": "read"}, {"read"}),
        ({"scope": "reports.view"}, {"reports.view"}),
        ({"scope": ""}, set()),
        ({"scope": []}, set()),
    ],
)
async def test_a_token_may_do_what_its_scopes_name(
    oidc: OidcAuthenticator, issuer: Issuer, said: dict[str, Any], scopes: set[str]
) -> None:
    assert (await oidc.authenticate(issuer.token(**said))).scopes == scopes


@pytest.mark.parametrize("claim", ["scope", "scp", "scopes"])
@pytest.mark.parametrize("value", [7, True, {"read": True}, ["read", 7], [["read"]]], ids=str)
async def test_scopes_that_are_not_understood_are_not_all_scopes(
    oidc: OidcAuthenticator, issuer: Issuer, claim: str, value: Any
) -> None:
    with pytest.raises(ClaimNotUnderstood, match=claim):
        await oidc.authenticate(issuer.token(**{claim: value}))


@pytest.mark.parametrize(
    "said",
    [
        {"cnf": {"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}},
        {"authorization_details": [{"type": "module", "actions": ["read"]}]},
        {"exp": float("nan")},
        {"exp": float("inf")},
        {"nbf": float("nan")},
        {"exp": True},
        {"nbf": "soon"},
    ],
    ids=str,
)
async def test_a_token_that_is_bound_to_what_nobody_checks_is_refused(
    oidc: OidcAuthenticator, issuer: Issuer, said: dict[str, Any]
) -> None:
    with pytest.raises(TokenInvalid):
        await oidc.authenticate(issuer.token(**said))


def test_a_jwks_is_read_over_http_alone(clock: FakeClock) -> None:
    with pytest.raises(jwt.PyJWKClientError, match="https"):
        IssuerKeys("file:///etc/hostname", clock)
