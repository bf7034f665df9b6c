"""What the documents need to know of a route, read off its handler: nobody declares it a second time."""

from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_origin

from litestar import Litestar, Response
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse
from litestar.routes import HTTPRoute
from msgspec import Struct

from shared.http.authentication import caller_of, organization_reader, organization_writer, signed_in, super_admin
from shared.http.command_route import CommandOperation, TakesCommand, TakesKey, TakesReason
from shared.http.rate_limits import EXEMPT

JSON = "application/json"
ASKS_WHO = {each.__name__ for each in (caller_of, signed_in, super_admin, organization_reader, organization_writer)}


class Answer(Struct, frozen=True):
    """What a route answers with when it does not refuse."""

    shape: Any
    media_type: str


class Route(Struct, frozen=True):
    """One operation and the function that serves it."""

    path: str
    method: str
    handler: HTTPRouteHandler
    function: Any

    @property
    def context(self) -> str:
        """The package it belongs to: a bounded context, `shared` or `app`."""
        module: str = self.function.__module__
        return module.partition(".")[0]

    @property
    def controller(self) -> Any:
        """The class it stands in."""
        return self.function.__globals__[self.function.__qualname__.partition(".")[0]]

    @property
    def body(self) -> Any:
        """The type of the body; None without one."""
        given = self.handler.parsed_fn_signature.parameters.get("data")
        return None if given is None else given.annotation

    @property
    def answers(self) -> Mapping[int, Answer]:
        """By status: those that are documented, else what the function returns."""
        told = self.handler.responses or {}
        if told:
            return {status: Answer(spec.data_container, str(spec.media_type)) for status, spec in told.items()}
        returned = self.handler.parsed_fn_signature.return_type.raw
        shape = get_args(returned)[0] if get_origin(returned) is Response else returned
        return {self.handler.status_code: Answer(shape, JSON)}

    @property
    def guards(self) -> list[Any]:
        """Who keeps others out."""
        return list(self.handler.resolve_guards())

    @property
    def is_public(self) -> bool:
        """Whether no token is asked for."""
        return {} in self.security

    @property
    def security(self) -> list[Any]:
        """What it asks of a caller: one of these."""
        return list(self.handler.resolve_security())

    @property
    def asks_who(self) -> bool:
        """Whether it, or what guards it, may refuse the caller for who he is."""
        return bool(self.guards) or bool(ASKS_WHO & set(self.function.__code__.co_names))

    @property
    def is_limited(self) -> bool:
        """Whether requests are counted against a rate."""
        return not self.path.startswith(EXEMPT)

    @property
    def is_conditional(self) -> bool:
        """Whether it answers with an ETag, and 304 to whom has it."""
        return self.method == "get" and self.handler.parsed_fn_signature.return_type.raw is ASGIResponse

    @property
    def takes_reason(self) -> bool:
        """Whether it keeps why it was asked for."""
        return issubclass(self.handler.operation_class, TakesReason)

    @property
    def takes_key(self) -> bool:
        """Whether it does its work once for each Idempotency-Key, without being a command."""
        return issubclass(self.handler.operation_class, TakesKey)

    @property
    def takes_command(self) -> bool:
        """Whether a command is sent for it, by itself or by the use case that serves it."""
        return issubclass(self.handler.operation_class, TakesCommand)

    @property
    def answers_as_command(self) -> bool:
        """Whether its answer is the command's outcome, and no other."""
        return issubclass(self.handler.operation_class, CommandOperation)


def routes_of(app: Litestar) -> Iterator[Route]:
    """The routes that are documented."""
    for route in app.routes:
        if not isinstance(route, HTTPRoute):
            continue
        for method, (handler, _) in route.route_handler_map.items():
            if method != "OPTIONS" and handler.resolve_include_in_schema():
                yield Route(route.path_format, method.lower(), handler, written(handler.fn))


def written(function: Any) -> Any:
    """The function as it was written, without those that inject into it."""
    while hasattr(function, "__dishka_orig_func__"):
        function = function.__dishka_orig_func__
    return function
