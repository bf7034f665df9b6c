from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from dishka import AsyncContainer, Provider, Scope, make_async_container
from dishka.integrations.litestar import DishkaRouter, LitestarProvider, setup_dishka
from litestar import Litestar, Request, Response

from access.adapters.http import AuthController, LoginRequest
from access.ports import AccessAuditLog, AccessSettings, SignInAttempts
from access.sessions import SignIn
from access.users import PendingOwners, SuperAdmins
from access.wiring import AccessProvider
from shared.errors import Refused
from shared.lists.cursors import Cursors
from shared.ports import Authenticator, Clock, Database, Ids, OrganizationStatuses
from tests.access.conftest import Access
from tests.fakes import CURSORS, FreshIds

LOGIN = "/api/v1/auth/login"
ADMIN, PASSWORD = "admin@example.com", "correct horse battery"
STATUS = {"unauthenticated": 401, "forbidden": 403}


def refused(_: Request[Any, Any, Any], error: Refused) -> Response[Any]:
    return Response({"code": error.code, "detail": error.detail}, status_code=STATUS[error.kind])


@pytest.fixture
async def container(access: Access) -> AsyncIterator[AsyncContainer]:
    world = {
        Database: access.database,
        Clock: access.clock,
        Ids: FreshIds(),
        OrganizationStatuses: access.standing,
        AccessAuditLog: access.audit_log,
        AccessSettings: AccessSettings(),
        SignInAttempts: access.attempts,
        Cursors: CURSORS,
    }
    given = Provider(scope=Scope.APP)
    for port in world:
        given.from_context(port)
    container = make_async_container(AccessProvider(), given, LitestarProvider(), context=world)
    yield container
    await container.close()


@pytest.fixture
async def app(container: AsyncContainer) -> Litestar:
    router = DishkaRouter("/api/v1", route_handlers=[AuthController])
    app = Litestar([router], exception_handlers={Refused: refused})
    setup_dishka(container, app)
    return app


@pytest.fixture
async def client(app: Litestar, container: AsyncContainer) -> AsyncIterator[httpx.AsyncClient]:
    await (await container.get(SuperAdmins)).ensure_super_admin(ADMIN, PASSWORD)
    asgi: Any = app
    async with httpx.AsyncClient(transport=httpx.ASGITransport(asgi), base_url="http://t") as client:
        yield client


async def test_the_answer_holds_a_token_the_service_knows(client: httpx.AsyncClient, container: AsyncContainer) -> None:
    answer = await client.post(LOGIN, json={"email": ADMIN, "password": PASSWORD})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert set(body) == {"access_token", "token_type", "expires_in"}
    assert (body["token_type"], body["expires_in"]) == ("bearer", 900)
    caller = await (await container.get(Authenticator)).authenticate(body["access_token"])
    assert caller.role == "super_admin"


@pytest.mark.parametrize("email", [ADMIN, "nobody@example.com"])
async def test_wrong_credentials_get_one_answer(client: httpx.AsyncClient, email: str) -> None:
    answer = await client.post(LOGIN, json={"email": email, "password": "wrong horse battery"})
    assert answer.status_code == 401
    assert answer.json() == {
        "code": "wrong_credentials",
        "detail": "E-mail or password is wrong. Check both and try again.",
    }


@pytest.mark.parametrize(
    "body",
    [
        {"email": ADMIN},
        {"email": "", "password": PASSWORD},
        {"email": "a" * 255, "password": PASSWORD},
        {"email": ADMIN, "password": ""},
        {"email": ADMIN, "password": "a" * 1025},
        {"email": ADMIN, "password": PASSWORD, "remember_me": True},
    ],
)
async def test_a_body_out_of_bounds_is_refused(client: httpx.AsyncClient, body: dict[str, Any]) -> None:
    answer = await client.post(LOGIN, json=body)
    assert answer.status_code == 400
    assert PASSWORD not in answer.text


def test_the_document_names_the_operation_and_asks_for_nothing_but_the_body(app: Litestar) -> None:
    operation = app.openapi_schema.to_schema()["paths"][LOGIN]["post"]
    assert (operation["operationId"], operation["tags"], operation["security"]) == ("login", ["auth"], [{}])
    assert "parameters" not in operation


async def test_the_wiring_provides_what_other_contexts_reach_through_seams(container: AsyncContainer) -> None:
    assert await container.get(PendingOwners) is await container.get(PendingOwners)
    assert await container.get(SignIn) is await container.get(SignIn)


def test_a_request_does_not_print_its_password() -> None:
    assert PASSWORD not in repr(LoginRequest(ADMIN, PASSWORD))
