"""Coming in, over HTTP, through real processes."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import jwt
import pytest

from devstack import Endpoints
from tests.support.api_client import ADMIN, Api, code_of, new_tenant, refresh_cookie, sign_in, signup
from tests.support.polling import wait_for
from tests.support.service_process import ServiceProcess

PASSWORD, AUDIENCE = "correct horse battery", "modplane"
REFRESH, LOGOUT = "/auth/refresh", "/auth/logout"


@pytest.fixture(scope="module")
def service(endpoints: Endpoints, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    """A replica in every role, as it is set by default."""
    with ServiceProcess(endpoints, tmp_path_factory.mktemp("service") / "service.log") as process:
        yield process


@pytest.fixture(scope="module")
def admin(service: ServiceProcess) -> Api:
    """The super admin."""
    return sign_in(service.url)


@pytest.fixture(scope="module")
def strict(endpoints: Endpoints, issuer: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    """A replica behind https and one proxy, with small shares for addresses, that takes another issuer's tokens.

    Signing up is closed there.
    """
    environment = {
        "MODPLANE_COOKIE_SECURE": "true",
        "MODPLANE_PROXY_HOPS": "1",
        "MODPLANE_REQUESTS_PER_ADDRESS": "5",
        "MODPLANE_SIGNUP": "closed",
        "MODPLANE_OIDC_ISSUER": issuer,
        "MODPLANE_OIDC_AUDIENCE": AUDIENCE,
        "MODPLANE_OIDC_JWKS_URL": f"{issuer}/jwks",
        "MODPLANE_ROLE": "api",
    }
    log = tmp_path_factory.mktemp("strict") / "service.log"
    with ServiceProcess(endpoints, log, environment=environment) as process:
        yield process


def beyond(process: ServiceProcess, token: str) -> Api:
    """A caller behind the proxy, from an address whose share nobody else uses."""
    caller = Api(process.url, token)
    caller.client.headers["X-Forwarded-For"] = an_address()
    return caller


@pytest.fixture(scope="module")
def keys() -> list[dict[str, Any]]:
    """What the other issuer publishes."""
    return []


@pytest.fixture(scope="module")
def issuer(keys: list[dict[str, Any]]) -> Iterator[str]:
    """The other issuer's address."""

    class Jwks(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"keys": keys}).encode())

        def log_message(self, *_: Any) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Jwks)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def program(url: str, admin: Api, **wanted: Any) -> tuple[str, Api]:
    """A new API token's id, and its bearer."""
    answer = admin.post("/tokens", {"name": "ci", **wanted})
    assert answer.status_code == 201, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return answer.json()["id"], Api(url, answer.json()["token"])


def test_the_refresh_cookie_is_out_of_reach_of_scripts_and_other_sites(
    service: ServiceProcess, strict: ServiceProcess
) -> None:
    for process, secure in ((service, False), (strict, True)):
        cookie = Api(process.url).post("/auth/login", ADMIN, x_forwarded_for=uuid4().hex).headers["set-cookie"].lower()
        attributes = {part.strip() for part in cookie.split(";")[1:]}
        assert attributes >= {"httponly", "samesite=strict", "path=/api/v1/auth", "max-age=2592000"}
        assert ("secure" in attributes) is secure


def test_a_session_is_refreshed_until_it_is_signed_out(service: ServiceProcess) -> None:
    browser = Api(service.url)
    assert browser.post("/auth/login", ADMIN).status_code == 200
    for _ in range(2):
        answer = browser.post(REFRESH)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        assert Api(service.url, answer.json()["access_token"]).get("/users").status_code == 200
    stolen = dict(browser.client.cookies)
    assert browser.post(LOGOUT).status_code == 200
    assert dict(browser.client.cookies) == {}
    for cookies in ({}, stolen):
        refused = httpx.post(f"{service.url}/api/v1{REFRESH}", cookies=cookies)
        assert (refused.status_code, code_of(refused)) == (401, "session_ended")
        assert refused.headers["www-authenticate"].startswith("Bearer")


async def test_a_stolen_refresh_token_ends_the_session_and_the_log_tells(
    service: ServiceProcess, endpoints: Endpoints
) -> None:
    tenant, browser = new_tenant(service.url), Api(service.url)
    browser.post("/auth/login", {"email": tenant.email, "password": tenant.password})
    thief = Api(service.url)
    thief.client.cookies.update(browser.client.cookies)
    for _ in range(2):
        assert browser.post(REFRESH).status_code == 200
    assert thief.post(REFRESH).status_code == 401
    assert browser.post(REFRESH).status_code == 401
    assert await told(endpoints, tenant.operation_id) == ["access.user.activated", "access.session.reused"]


async def told(endpoints: Endpoints, aggregate_id: str) -> list[str]:
    connection = await asyncpg.connect(endpoints.postgres_url)
    rows = await connection.fetch(
        "SELECT type FROM shared.event_log WHERE aggregatetype = 'access' AND aggregateid = $1 ORDER BY sequence",
        aggregate_id,
    )
    await connection.close()
    return [row[0] for row in rows]


def test_a_suspended_organization_is_not_refreshed(service: ServiceProcess, admin: Api) -> None:
    tenant, browser = new_tenant(service.url), Api(service.url)
    browser.post("/auth/login", {"email": tenant.email, "password": tenant.password})
    admin.post(f"/organizations/{tenant.id}/suspend")
    assert code_of(browser.post(REFRESH)) == "organization_suspended"
    admin.post(f"/organizations/{tenant.id}/reactivate")
    assert browser.post(REFRESH).status_code == 200


def test_signing_out_ends_the_access_token_on_every_replica(service: ServiceProcess, strict: ServiceProcess) -> None:
    browser, other = Api(service.url), Api(service.url)
    token = browser.post("/auth/login", ADMIN).json()["access_token"]
    kept = Api(service.url, other.post("/auth/login", ADMIN).json()["access_token"])
    here, there = Api(service.url, token), beyond(strict, token)
    assert [here.get("/users").status_code, there.get("/users").status_code] == [200, 200]
    assert here.post(LOGOUT).status_code == 200  # by the access token alone, the cookie stayed behind
    refused = here.get("/users")
    assert (refused.status_code, code_of(refused)) == (401, "session_ended")
    wait_for(partial(is_refused, there), "the sign-out", 6)
    assert browser.post(REFRESH).status_code == 401
    assert kept.get("/users").status_code == 200


def test_two_installations_on_one_machine_keep_their_sessions_apart(
    service: ServiceProcess, strict: ServiceProcess
) -> None:
    jar = dict[str, str]()  # one browser's: cookies know no ports

    def post(process: ServiceProcess, path: str, body: Any = None) -> httpx.Response:
        headers = {"X-Forwarded-For": an_address()}
        answer = httpx.post(f"{process.url}/api/v1{path}", json=body, cookies=jar, headers=headers)
        jar.update(answer.cookies.items())
        return answer

    for process in (service, strict):
        assert post(process, "/auth/login", ADMIN).status_code == 200
    assert set(jar) == {f"modplane_refresh_{each.url.rpartition(':')[2]}" for each in (service, strict)}
    for process in (service, strict, service):
        assert post(process, REFRESH).status_code == 200


def test_a_session_of_an_earlier_version_goes_on_under_the_new_name(service: ServiceProcess) -> None:
    browser, earlier = Api(service.url), Api(service.url)
    browser.post("/auth/login", ADMIN)
    name, value = refresh_cookie(browser.client.cookies)
    earlier.client.cookies.set("modplane_refresh", value, domain="127.0.0.1", path="/api/v1/auth")
    assert earlier.post(REFRESH).status_code == 200
    assert refresh_cookie(earlier.client.cookies)[0] == name
    assert earlier.post(REFRESH).status_code == 200
    assert earlier.post(LOGOUT).status_code == 200
    assert dict(earlier.client.cookies) == {}


def test_a_service_for_all_events_needs_the_scope(service: ServiceProcess, admin: Api) -> None:
    tenant = new_tenant(service.url)
    _, without = program(service.url, admin, role="service")
    _, both = program(service.url, admin, role="service", scopes=["read", "events:read"])
    _, events_alone = program(service.url, admin, role="service", scopes=["events:read"])
    _, bound = program(service.url, admin, role="service", scopes=["read", "events:read"], organization_id=tenant.id)
    for path in ("/events", "/events/export", "/events/stream"):
        assert code_of(without.get(path)) == "scope_required"
    for reader in (both, events_alone):
        found = reader.get(f"/events?organization_id={tenant.id}").json()["items"]
        assert "tenant.organization.registered" in {event["type"] for event in found}
        assert reader.get("/events?type=access.api_token.created").json()["items"] == []
        assert reader.get(f"/events/export?organization_id={tenant.id}").text.count("\n") >= 1
        with reader.client.stream("GET", f"{service.url}/api/v1/events/stream") as stream:
            assert stream.status_code == 200
    assert both.get("/modules/available").status_code == 200
    assert code_of(events_alone.get("/modules/available")) == "scope_required"
    assert code_of(events_alone.get("/eventsx")) in {"scope_required", "route_not_found"}
    other = new_tenant(service.url)
    assert code_of(bound.get(f"/events?organization_id={other.id}")) == "not_your_organization"
    assert {event["organization_id"] for event in bound.get("/events").json()["items"]} == {tenant.id}


def test_a_write_of_access_is_done_once_for_a_key(service: ServiceProcess, strict: ServiceProcess, admin: Api) -> None:
    wanted, key = {"name": "ci", "role": "service"}, f"key-{uuid4()}"
    bearer_of_admin = admin.client.headers["authorization"].removeprefix("Bearer ")
    elsewhere = beyond(strict, bearer_of_admin)
    made = [each.post("/tokens", wanted, idempotency_key=key) for each in (admin, elsewhere, admin)]
    assert [answer.status_code for answer in made] == [201] * 3
    assert len({answer.text for answer in made}) == 1
    assert Api(service.url, made[1].json()["token"]).get("/modules/available").status_code == 200
    other = admin.post("/tokens", {**wanted, "name": "another"}, idempotency_key=key)
    assert (other.status_code, code_of(other)) == (422, "idempotency_key_reused")
    token_id, revoking = made[0].json()["id"], f"key-{uuid4()}"
    revoked = [admin.delete(f"/tokens/{token_id}", idempotency_key=revoking) for _ in range(2)]
    assert revoked[0].json() == revoked[1].json()
    other = admin.delete(f"/tokens/{token_id}?with_minted=true", idempotency_key=revoking)
    assert code_of(other) == "idempotency_key_reused"
    unheard = f"/system/dead-letters/{uuid4()}/retry"
    for path, body in (("/auth/login", ADMIN), (REFRESH, None), (LOGOUT, None), (unheard, None)):
        refused = admin.post(path, body, idempotency_key=key)
        assert refused.status_code == 400, path
        assert "Idempotency-Key" in refused.json()["detail"]


def test_signing_up_is_for_super_admins_where_it_is_closed(
    service: ServiceProcess, strict: ServiceProcess, admin: Api
) -> None:
    bearer_of_admin = admin.client.headers["authorization"].removeprefix("Bearer ")
    for dry in ("", "?dry_run=true"):
        path = f"/organizations/signup{dry}"
        refused = Api(strict.url).post(path, signup(), x_forwarded_for=an_address())
        assert (refused.status_code, code_of(refused)) == (403, "signup_closed")
        made = Api(strict.url, bearer_of_admin).post(path, signup(), x_forwarded_for=an_address())
        assert made.status_code in {200, 201}, made.text
    told = [Api(each.url).get("/organizations/signup", x_forwarded_for=an_address()) for each in (service, strict)]
    assert [answer.json() for answer in told] == [{"status": "open"}, {"status": "closed"}]


def test_a_service_token_reads_what_it_is_for_and_writes_nothing(service: ServiceProcess, admin: Api) -> None:
    mine, other = new_tenant(service.url), new_tenant(service.url)
    _, everywhere = program(service.url, admin, role="service")
    _, bound = program(service.url, admin, role="service", organization_id=mine.id)
    for path in ("modules", "info"):
        assert everywhere.get(f"/organizations/{other.id}/{path}").status_code == 200
        assert bound.get(f"/organizations/{mine.id}/{path}").status_code == 200
        assert code_of(bound.get(f"/organizations/{other.id}/{path}")) == "not_your_organization"
    found = everywhere.get("/organizations?sort=-created_at&limit=200").json()["items"]
    assert {mine.id, other.id} <= {organization["organization_id"] for organization in found}
    assert code_of(bound.get("/organizations")) == "role_required"
    assert code_of(everywhere.get(f"/organizations/{mine.id}")) == "role_required"
    assert code_of(everywhere.get("/users")) == "role_required"
    assert code_of(everywhere.patch(f"/organizations/{mine.id}/modules/m", {})) == "scope_required"


async def test_a_super_admins_token_does_what_its_scopes_allow_under_its_own_id(
    service: ServiceProcess, admin: Api, endpoints: Endpoints
) -> None:
    _, reading = program(service.url, admin, role="super_admin", scopes=["read"])
    assert reading.get("/users").status_code == 200
    assert code_of(reading.post("/tokens", {"name": "more", "role": "super_admin"})) == "scope_required"
    writer_id, writing = program(service.url, admin, role="super_admin", scopes=["write"])
    assert code_of(writing.get("/users")) == "scope_required"
    module_id = writing.module()
    connection = await asyncpg.connect(endpoints.postgres_url)
    query = "SELECT user_id FROM shared.event_log WHERE aggregatetype = 'registry' AND aggregateid = $1"
    assert await connection.fetchval(query, module_id) == writer_id
    await connection.close()


def test_a_token_without_the_scope_to_read_gets_no_hot_read(service: ServiceProcess, admin: Api) -> None:
    tenant = new_tenant(service.url)
    _, writing = program(service.url, admin, role="super_admin", scopes=["write"])
    assert code_of(writing.get(f"/organizations/{tenant.id}/modules")) == "scope_required"


async def test_a_revoked_token_is_refused_on_every_replica(
    service: ServiceProcess, strict: ServiceProcess, admin: Api, endpoints: Endpoints
) -> None:
    token_id, here = program(service.url, admin, role="super_admin")
    there = beyond(strict, here.client.headers["authorization"].removeprefix("Bearer "))
    assert [here.get("/users").status_code, there.get("/users").status_code] == [200, 200]
    listed = next(item for item in admin.get("/tokens").json()["items"] if item["id"] == token_id)
    assert listed["last_used_at"] is not None
    assert "token" not in listed
    assert admin.delete(f"/tokens/{token_id}").json()["revoked_at"] is not None
    for replica in (here, there):
        wait_for(partial(is_refused, replica), "the revocation", 6)
    assert await told(endpoints, token_id) == ["access.api_token.created", "access.api_token.revoked"]


def is_refused(caller: Api) -> bool:
    return caller.get("/users").status_code == 401


def test_wrong_wishes_for_a_token_are_refused_and_named(admin: Api) -> None:
    past = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    for wanted, status in (
        ({"role": "service", "scopes": ["write"]}, 422),
        ({"role": "super_admin", "organization_id": str(uuid4())}, 422),
        ({"role": "service", "expires_at": past}, 422),
        ({"role": "organization_admin"}, 400),
        ({"role": "service", "scopes": []}, 400),
        ({"role": "service", "scopes": ["admin"]}, 400),
        ({"role": "service", "expires_at": "2030-01-01T00:00:00"}, 400),
    ):
        answer = admin.post("/tokens", {"name": "ci", **wanted})
        assert answer.status_code == status, answer.text
        assert answer.json()["errors"]


def test_guessing_closes_the_account_to_where_it_comes_from_and_to_nobody_else(
    service: ServiceProcess, strict: ServiceProcess
) -> None:
    tenant, guesser = new_tenant(service.url), Api(strict.url)
    right = {"email": tenant.email, "password": tenant.password}
    stranger = an_address()

    def attempt(password: str, port: int) -> httpx.Response:
        credentials = {**right, "password": password}
        return guesser.post("/auth/login", credentials, x_forwarded_for=f'"[{stranger}]:{port}"')

    guesses = [attempt("wrong horse battery", 50_000 + n).status_code for n in range(4)]
    assert guesses == [401] * 4  # the address has five requests a minute in this process
    assert [Api(service.url).post("/auth/login", {**right, "password": "no"}).status_code for _ in range(10)] == [
        401
    ] * 10
    refused = Api(service.url).post("/auth/login", right)
    assert (refused.status_code, code_of(refused)) == (429, "too_many_attempts")
    assert 0 < int(refused.headers["retry-after"]) <= 300
    assert Api(service.url).post("/auth/login", ADMIN).status_code == 200
    answer = Api(strict.url).post("/auth/login", right, x_forwarded_for="198.51.100.9:40000")
    assert answer.status_code == 200, answer.text


def an_address() -> str:
    return f"2001:db8:{uuid4().hex[:4]}:{uuid4().hex[:4]}::1"


def test_an_address_over_its_share_is_refused_and_health_and_other_addresses_are_not(strict: ServiceProcess) -> None:
    anonymous = Api(strict.url)
    here, elsewhere = "203.0.113.9", "203.0.113.10"
    statuses = [anonymous.get("/industries", x_forwarded_for=here).status_code for _ in range(15)]
    assert 429 in statuses
    refused = anonymous.get("/industries", x_forwarded_for=here)
    if refused.status_code == 429:  # a new minute may have begun
        assert code_of(refused) == "rate_limit_exceeded"
        assert int(refused.headers["retry-after"]) <= 60
    assert anonymous.get("/industries", x_forwarded_for=elsewhere).headers["ratelimit-limit"] == "5"
    probes = [httpx.get(f"{strict.url}{path}") for path in ("/health/live", "/metrics") for _ in range(8)]
    assert {probe.status_code for probe in probes} == {200}


def test_a_deactivated_user_is_out(service: ServiceProcess, admin: Api) -> None:
    tenant, browser = new_tenant(service.url), Api(service.url)
    credentials = {"email": tenant.email, "password": tenant.password}
    browser.post("/auth/login", credentials)
    (user,) = admin.get(f"/users?organization_id={tenant.id}").json()["items"]
    assert user["email"] == tenant.email
    assert admin.post(f"/users/{user['id']}/deactivate").json()["status"] == "inactive"
    assert browser.post(REFRESH).status_code == browser.post("/auth/login", credentials).status_code == 401
    admin.post(f"/users/{user['id']}/activate")
    assert browser.post("/auth/login", credentials).status_code == 200
    assert code_of(admin.post(f"/users/{uuid4()}/deactivate")) == "user_not_found"


def test_an_operator_creates_a_super_admin(service: ServiceProcess, endpoints: Endpoints) -> None:
    email = f"{uuid4().hex}@example.com"
    command = [sys.executable, "-m", "app.cli", "admin", "create", "--email", email]
    environment = {**endpoints.environment(), "MODPLANE_ADMIN_PASSWORD": PASSWORD}
    ended = [
        subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
        for _ in range(2)
    ]
    assert [each.returncode for each in ended] == [0, 1], ended
    assert "exists" in ended[1].stderr
    assert PASSWORD not in "".join(each.stdout + each.stderr for each in ended)
    assert sign_in(service.url, email, PASSWORD).get("/users").status_code == 200


def test_another_issuers_tokens_are_taken_where_it_is_named(
    service: ServiceProcess, strict: ServiceProcess, issuer: str, keys: list[dict[str, Any]]
) -> None:
    ec = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ec", reason="needs `pyjwt[crypto]`")
    key = ec.generate_private_key(ec.SECP256R1())
    keys.append(json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key.public_key())) | {"kid": "k"})
    claims = {"iss": issuer, "aud": AUDIENCE, "sub": "ada", "role": "super_admin"}
    good = claims | {"exp": datetime.now(UTC) + timedelta(minutes=5)}
    wrong = [
        claims | {"exp": datetime.now(UTC) - timedelta(seconds=1)},
        good | {"aud": "another"},
        good | {"iss": "https://elsewhere.example.com"},
    ]
    assert bearer(strict, jwt.encode(good, key, "ES256", {"kid": "k"})).status_code == 200
    forged = [jwt.encode(said, key, "ES256", {"kid": "k"}) for said in wrong]
    forged += [jwt.encode(good, key, "ES256", {"kid": "x"}), jwt.encode(good, "s" * 32, "HS256", {"kid": "k"})]
    for token in forged:
        refused = bearer(strict, token)
        assert refused.status_code == 401, refused.text
        assert refused.headers["www-authenticate"] == 'Bearer realm="modplane", error="invalid_token"'
    assert bearer(service, jwt.encode(good, key, "ES256", {"kid": "k"})).status_code == 401


def bearer(process: ServiceProcess, token: str) -> httpx.Response:
    return Api(process.url, token).get("/users", x_forwarded_for=an_address())
