"""The composition root: settings in, a Litestar application out."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from dishka import AsyncContainer, Provider, make_async_container
from dishka.integrations.litestar import DishkaRouter
from litestar import Litestar, Response
from litestar.exceptions import NotFoundException
from litestar.middleware import DefineMiddleware
from litestar.routes import HTTPRoute
from litestar.types import ControllerRouterHandler

from app.admission import AdmissionProvider
from app.contexts import CONTEXTS
from app.infrastructure import InfrastructureProvider
from app.logs import LEVELS, configure_logs
from app.seams import SEAMS
from app.server import server
from app.server.connections import ConnectionLimits
from app.server.documents import document_routes
from app.server.web import index_page, or_page, web_routes
from app.service import Service
from app.settings import Settings
from app.status.http import HealthController, SystemController, metrics
from app.status.wiring import SystemProvider
from app.tracing import TracingProvider, log_processors
from assignments.adapters.cached import CachedAssignmentReader
from shared.dead_letters.http import DeadLettersController
from shared.eventlog.http import EventsController
from shared.eventlog.tail import EventTail
from shared.http.authentication import Authentication
from shared.http.bodies import MAX_BODY_BYTES, AnyRequest, BodyTimeouts, PlainRequest
from shared.http.middleware import FastPath, HeadAsGet, Measured, RequestLog
from shared.http.parameters import strict_request
from shared.http.problems import EXCEPTION_HANDLERS, http_to_problem
from shared.http.rate_limits import Limited, RateLimits, RequestCounts
from shared.operations.http import OperationsController
from shared.ports import Authenticator
from shared.telemetry.tracing import Tracing

API = "/api/v1"


def make_container(settings: Settings, *overrides: Provider) -> AsyncContainer:
    """Make all parts of one process. `overrides` come last and win: the tests' way in."""
    return make_async_container(
        InfrastructureProvider(),
        *SEAMS,
        AdmissionProvider(),
        TracingProvider(),
        SystemProvider(),
        *(context.provider for context in CONTEXTS),
        *overrides,
        context={Settings: settings},
    )


def create_app(settings: Settings | None = None, *overrides: Provider) -> Litestar:
    """Make the application. It starts without any infrastructure, and works as far as there is some."""
    settings = settings or Settings()
    configure_logs(LEVELS[settings.log_level], log_processors())
    container = make_container(settings, *overrides)

    @asynccontextmanager
    async def serving(_: Litestar) -> AsyncIterator[None]:
        service = Service(container, settings)
        await service.start()
        if settings.role != "worker":
            await answer_fast_path_first(app, container)
            app.asgi_handler = (await container.get(Tracing)).requests(app.asgi_handler)
            await limit_rates(app, container)
        app.asgi_handler = Measured(BodyTimeouts(app.asgi_handler, settings.http_body_seconds))
        if settings.log_level == "debug":
            app.asgi_handler = RequestLog(app.asgi_handler)
        app.asgi_handler = HeadAsGet(app.asgi_handler)
        tail = await container.get(EventTail)
        try:
            with server.call_at_shutdown(tail.close):
                yield
        finally:
            await service.stop()
            await container.close()

    documents = [] if settings.role == "worker" else document_routes()
    app = Litestar(
        route_handlers=[DishkaRouter("/", route_handlers=[*routes(settings), *documents])],
        middleware=[DefineMiddleware(Authentication, container=container)],
        exception_handlers=exception_handlers(settings),
        before_request=strict_request,
        request_class=PlainRequest,
        request_max_body_size=MAX_BODY_BYTES,
        lifespan=[serving],
        logging_config=None,  # the framework's would replace our handler on the root logger
        openapi_config=None,
    )
    allow_all_methods(app)
    return app


def allow_all_methods(app: Litestar) -> None:
    """Let OPTIONS name every method of a path: the framework forgets those that a second controller adds to it."""
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            handler: Any = route.route_handler_map["OPTIONS"][0]
            handler.after_request = allowing(sorted({*route.methods, *(["HEAD"] if "GET" in route.methods else [])}))


def allowing(methods: Sequence[str]) -> Callable[[Response[Any]], Awaitable[Response[Any]]]:
    async def allow(answer: Response[Any]) -> Response[Any]:
        answer.headers["Allow"] = ", ".join(methods)
        return answer

    return allow


async def answer_fast_path_first(app: Litestar, container: AsyncContainer) -> None:
    """Serve an organization's modules before routing: other services read them on every request of theirs."""
    authenticator, assignments = await container.get(Authenticator), await container.get(CachedAssignmentReader)
    route = f"{API}/organizations/{{organization_id}}/modules"
    app.asgi_handler = FastPath(app.asgi_handler, route, authenticator, assignments.modules)


async def limit_rates(app: Litestar, container: AsyncContainer) -> None:
    """Limit before everything else, the fast path too."""
    app.asgi_handler = Limited(app.asgi_handler, await container.get(RequestCounts), await container.get(RateLimits))


def exception_handlers(
    settings: Settings,
) -> dict[int | type[Exception], Callable[[AnyRequest, Any], Response[Any]]]:
    """Answer problems; and the UI's page for a browser that requests an unknown address."""
    if settings.web is None or settings.role == "worker":
        return EXCEPTION_HANDLERS
    return {**EXCEPTION_HANDLERS, NotFoundException: or_page(settings.web, http_to_problem)}


def routes(settings: Settings) -> list[ControllerRouterHandler]:
    handlers: list[ControllerRouterHandler] = [HealthController, metrics]
    if settings.role != "worker":
        controllers = [controller for context in CONTEXTS for controller in context.controllers]
        shared = [OperationsController, EventsController, DeadLettersController, SystemController]
        handlers.append(DishkaRouter(API, route_handlers=[*controllers, *shared]))
        handlers += [] if settings.web is None else web_routes(settings.web)
    return handlers


def serve(settings: Settings, address: str = "") -> None:
    """Serve on an IP address, the host's, until SIGTERM or SIGINT. Raises `WebNotBuilt` or `AddressNotFree`."""
    if settings.web is not None and settings.role != "worker":
        index_page(settings.web)
    limits = ConnectionLimits(
        most=settings.http_connections,
        per_address=settings.http_connections_per_address,
        exempt=settings.exempt_networks,
        head_seconds=settings.http_head_seconds,
        idle_seconds=settings.http_idle_seconds,
    )
    server.serve(create_app, address or settings.http_host, settings.http_port, limits)
