"""The composition root: settings in, a Litestar application out."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import uvloop
from dishka import AsyncContainer, Provider, make_async_container
from dishka.integrations.litestar import DishkaRouter
from granian import Granian
from granian.constants import Interfaces, Loops
from granian.log import LogLevels, log_levels_map
from litestar import Litestar, Response
from litestar.middleware import DefineMiddleware
from litestar.routes import HTTPRoute
from litestar.types import ControllerRouterHandler

from app.admission import AdmissionProvider
from app.bulk_seams import BulkSeamsProvider
from app.contexts import CONTEXTS
from app.documents import document_routes
from app.ending import told_of_the_end
from app.health import HealthController, metrics
from app.http_system import SystemController
from app.infrastructure import InfrastructureProvider
from app.logs import SERVER_LOGGERS, configure_logs
from app.seams import SeamsProvider
from app.service import Service
from app.settings import Settings
from app.system import SystemProvider
from app.tracing import TracingProvider, log_processors
from app.web import page_of, web_routes
from assignments.adapters.cached import CachedAssignmentReader
from shared.adapters.hot_reads import HotReads
from shared.adapters.http import MAX_BODY_BYTES, Authentication
from shared.adapters.http_dead_letters import DeadLettersController
from shared.adapters.http_events import EventsController
from shared.adapters.http_metrics import Measured
from shared.adapters.http_operations import OperationsController
from shared.adapters.http_parameters import strict_request
from shared.adapters.problem_json import EXCEPTION_HANDLERS
from shared.adapters.rate_limits import Limited, RateLimits, RequestCounts
from shared.adapters.request_log import RequestLog
from shared.event_tail import EventTail
from shared.ports import Authenticator
from shared.tracing import Tracing

API = "/api/v1"


def make_container(settings: Settings, *overrides: Provider) -> AsyncContainer:
    """All parts of one process. `overrides` come last and win: the tests' way in."""
    return make_async_container(
        InfrastructureProvider(),
        SeamsProvider(),
        BulkSeamsProvider(),
        AdmissionProvider(),
        TracingProvider(),
        SystemProvider(),
        *(context.provider for context in CONTEXTS),
        *overrides,
        context={Settings: settings},
    )


def create_app(settings: Settings | None = None, *overrides: Provider) -> Litestar:
    """The application. It starts without any infrastructure, and works as soon, and as far, as there is some."""
    settings = settings or Settings()
    configure_logs(log_levels_map[LogLevels(settings.log_level)], log_processors())
    container = make_container(settings, *overrides)

    @asynccontextmanager
    async def serving(_: Litestar) -> AsyncIterator[None]:
        service = Service(container, settings)
        await service.start()
        if settings.role != "worker":
            await answer_hot_reads_first(app, container)
            app.asgi_handler = (await container.get(Tracing)).requests(app.asgi_handler)
            await limit_rates(app, container)
        app.asgi_handler = Measured(app.asgi_handler)
        if settings.log_level == "debug":
            app.asgi_handler = RequestLog(app.asgi_handler)
        tail = await container.get(EventTail)
        try:
            with told_of_the_end(tail.close):
                yield
        finally:
            await service.stop()
            await container.close()

    shown = [] if settings.role == "worker" else document_routes()
    app = Litestar(
        route_handlers=[DishkaRouter("/", route_handlers=[*routes(settings), *shown])],
        middleware=[DefineMiddleware(Authentication, container=container)],
        exception_handlers=EXCEPTION_HANDLERS,
        before_request=strict_request,
        request_max_body_size=MAX_BODY_BYTES,
        lifespan=[serving],
        logging_config=None,  # ours is for everybody: the framework's would take the root logger away from it
        openapi_config=None,
    )
    tell_all_methods(app)
    return app


def tell_all_methods(app: Litestar) -> None:
    """Lets OPTIONS name every method of a path: the framework forgets those that a second controller adds to it."""
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            handler: Any = route.route_handler_map["OPTIONS"][0]
            handler.after_request = allowing(sorted(route.methods))


def allowing(methods: Sequence[str]) -> Callable[[Response[Any]], Awaitable[Response[Any]]]:
    """Puts the methods into an answer."""

    async def allow(answer: Response[Any]) -> Response[Any]:
        answer.headers["Allow"] = ", ".join(methods)
        return answer

    return allow


async def answer_hot_reads_first(app: Litestar, container: AsyncContainer) -> None:
    """Other services ask for an organization's modules on every request of theirs."""
    authenticator, assignments = await container.get(Authenticator), await container.get(CachedAssignmentReader)
    route = f"{API}/organizations/{{organization_id}}/modules"
    app.asgi_handler = HotReads(app.asgi_handler, route, authenticator, assignments.modules)


async def limit_rates(app: Litestar, container: AsyncContainer) -> None:
    """Before everything else, the hot reads too."""
    app.asgi_handler = Limited(app.asgi_handler, await container.get(RequestCounts), await container.get(RateLimits))


def routes(settings: Settings) -> list[ControllerRouterHandler]:
    """Health and metrics in every role; the API where it is served."""
    handlers: list[ControllerRouterHandler] = [HealthController, metrics]
    if settings.role != "worker":
        controllers = [controller for context in CONTEXTS for controller in context.controllers]
        shared = [OperationsController, EventsController, DeadLettersController, SystemController]
        handlers.append(DishkaRouter(API, route_handlers=[*controllers, *shared]))
        handlers += [] if settings.web is None else web_routes(settings.web)
    return handlers


def serve(settings: Settings, address: str = "") -> None:
    """Serves on an IP address, the host's, until SIGTERM or SIGINT. Raises `WebNotBuilt`."""
    if settings.web is not None and settings.role != "worker":
        page_of(settings.web)
    uvloop.install()
    Granian(
        "app.main:create_app",
        address=address or settings.http_host,
        port=settings.http_port,
        interface=Interfaces.ASGI,
        factory=True,
        loop=Loops.uvloop,
        workers_kill_timeout=9,
        log_access=False,
        log_dictconfig=dict(SERVER_LOGGERS),
        log_level=LogLevels.warning,
    ).serve()
