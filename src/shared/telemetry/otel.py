"""Tracing by OpenTelemetry. Imported only where it is configured: the import costs time at every start."""

import asyncio
from collections.abc import Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from threading import Event, Thread
from typing import Any, TypeAlias, TypeVar, cast
from uuid import UUID

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, Span, SpanContext, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from shared.messages import ReceivedCommand
from shared.telemetry.tracing import HEADER, UNTRACED_BATCH, carried

FLUSH_SECONDS = 2.0
UNTRACED = ("/health/", "/metrics")
OPERATION = "modplane.operation_id"
OPERATION_HEADER = b"modplane-operation-id"
W3C = TraceContextTextMapPropagator()

App = TypeVar("App")
Attributes: TypeAlias = dict[str, str | int]


class FollowedHandover:
    """A record's span. It ends with the block, unless it lasts until the broker's answer."""

    def __init__(self, span: Span) -> None:
        self._span = span
        self._lasts = False
        self.traceparent: str | None = traceparent(span)

    def lasts_until(self, answer: "asyncio.Future[None]") -> None:
        self._lasts = True
        answer.add_done_callback(self._answered)

    def _answered(self, answer: "asyncio.Future[None]") -> None:
        error = None if answer.cancelled() else answer.exception()
        end(self._span, "cancelled" if answer.cancelled() else type(error).__name__ if error else "")

    def block_ends(self, error: str) -> None:
        if error or not self._lasts:
            end(self._span, error)


class OtelTracing:
    """Spans of the write path, sent by OTLP over HTTP, configured by OpenTelemetry's standard variables."""

    def __init__(self, sending: SpanProcessor | None = None) -> None:
        named = Resource.create()
        nameless = str(named.attributes[SERVICE_NAME]).startswith("unknown_service")
        resource = named.merge(Resource({SERVICE_NAME: "modplane"})) if nameless else named
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(sending or BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("modplane")

    async def close(self) -> None:
        """Flush the spans for two seconds at most; an exporter that hangs is abandoned."""
        done = Event()

        def shut_down() -> None:
            self._provider.shutdown()
            done.set()

        Thread(target=shut_down, daemon=True).start()
        await asyncio.to_thread(done.wait, FLUSH_SECONDS)

    def requests(self, app: App) -> App:
        return cast("App", FollowedRequests(cast("ASGIApp", app), self._tracer))

    @contextmanager
    def publishing(self, topic: str, operation_id: UUID, traceparent: str | None) -> Iterator[FollowedHandover]:
        parent = None if traceparent is None else context_of(traceparent)
        attributes = {**destination(topic), OPERATION: str(operation_id)}
        span = self._tracer.start_span(f"publish {topic}", parent, SpanKind.PRODUCER, attributes)
        handover = FollowedHandover(span)
        before = carried.set(handover.traceparent)
        error = ""
        try:
            yield handover
        except BaseException as raised:
            error = type(raised).__name__
            raise
        finally:
            carried.reset(before)
            handover.block_ends(error)

    def consuming(self, topic: str, traceparents: Sequence[str]) -> Any:
        """Open a consumer's span: in the records' trace if they share one, else in a new one that links to all."""
        return self._consuming(topic, traceparents) if traceparents else UNTRACED_BATCH

    @contextmanager
    def _consuming(self, topic: str, traceparents: Sequence[str]) -> Iterator[None]:
        parents = [span_context(each) for each in dict.fromkeys(traceparents)]
        is_one_trace = len({each.trace_id for each in parents}) == 1
        with self._tracer.start_as_current_span(
            f"process {topic}",
            within(parents[0]) if is_one_trace else Context(),
            SpanKind.CONSUMER,
            {**destination(topic), "messaging.batch.message_count": len(parents)},
            [Link(each) for each in parents],
            record_exception=False,
        ):
            yield

    def stage(self, name: str, batch: Sequence[ReceivedCommand], started: float, ended: float) -> None:
        now = trace.get_current_span().get_span_context()
        for command in batch:
            if command.traceparent is None:
                continue
            origin = span_context(command.traceparent)
            if not origin.trace_flags.sampled:
                continue
            is_current = now.is_valid and now.trace_id == origin.trace_id
            links = [Link(now)] if now.is_valid and not is_current else []
            attributes: Attributes = {OPERATION: str(command.envelope.operation_id), "modplane.batch": len(batch)}
            parent = None if is_current else within(origin)
            span = self._tracer.start_span(name, parent, SpanKind.INTERNAL, attributes, links, int(started * 1e9))
            span.end(int(ended * 1e9))


class FollowedRequests:
    """ASGI middleware: a server's span around each request, part of the caller's trace when it names one."""

    def __init__(self, app: ASGIApp, tracer: trace.Tracer) -> None:
        self._app = app
        self._tracer = tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or scope["path"].startswith(UNTRACED):
            await self._app(scope, receive, send)
            return
        method = scope["method"]
        header = next((value.decode("latin-1") for name, value in scope["headers"] if name == HEADER.encode()), None)
        parent = Context() if header is None else context_of(header)
        attributes = {"http.request.method": method}
        with self._tracer.start_as_current_span(
            method, parent, SpanKind.SERVER, attributes, record_exception=False
        ) as span:

            async def describing(message: Message) -> None:
                if message["type"] == "http.response.start":
                    describe(span, method, scope.get("path_template", ""), message)
                await send(message)

            await self._app(scope, receive, describing)


def destination(topic: str) -> dict[str, str]:
    return {"messaging.system": "kafka", "messaging.destination.name": topic}


def describe(span: Span, method: str, route: str, message: Any) -> None:
    if route:
        span.update_name(f"{method} {route}")
        span.set_attribute("http.route", route)
    span.set_attribute("http.response.status_code", message["status"])
    operation = next((value.decode() for name, value in message["headers"] if name == OPERATION_HEADER), None)
    if operation is not None:
        span.set_attribute(OPERATION, operation)
    if message["status"] >= HTTPStatus.INTERNAL_SERVER_ERROR:
        span.set_status(StatusCode.ERROR)


def end(span: Span, error: str) -> None:
    """End a span. Only the error's class is recorded: its text may hold secrets."""
    if error:
        span.set_status(StatusCode.ERROR, error)
    span.end()


def traceparent(span: Span) -> str:
    headers: dict[str, str] = {}
    W3C.inject(headers, trace.set_span_in_context(span, Context()))
    return headers.get(HEADER, "")


def context_of(traceparent: str) -> Context:
    """Return the context a record carries, an empty one when it is malformed."""
    return W3C.extract({HEADER: traceparent}, Context())


def span_context(traceparent: str) -> SpanContext:
    """Return the span a record carries, an invalid one when it is malformed."""
    return trace.get_current_span(context_of(traceparent)).get_span_context()


def within(parent: SpanContext) -> Context:
    return trace.set_span_in_context(trace.NonRecordingSpan(parent), Context())


def add_trace_id(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Add the current trace to a log line, for structlog."""
    now = trace.get_current_span().get_span_context()
    if now.is_valid:
        line.setdefault("trace_id", f"{now.trace_id:032x}")
    return line
