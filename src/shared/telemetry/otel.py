"""Tracing by OpenTelemetry. Loaded only where an operator asked for it, for loading it costs time at every start."""

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
from shared.telemetry.tracing import HEADER, NOT_FOLLOWING, carried

FLUSH_SECONDS = 2.0
NOBODYS = ("/health/", "/metrics")
OPERATION = "modplane.operation_id"
OPERATION_HEADER = b"modplane-operation-id"
W3C = TraceContextTextMapPropagator()

App = TypeVar("App")
Attributes: TypeAlias = dict[str, str | int]


class FollowedHandover:
    """A record's span. It ends with the block, unless it lasts until an answer."""

    def __init__(self, span: Span) -> None:
        self._span = span
        self._lasts = False
        self.traceparent: str | None = traceparent(span)

    def lasts_until(self, answer: "asyncio.Future[None]") -> None:
        """Ends with the broker's answer."""
        self._lasts = True
        answer.add_done_callback(self._answered)

    def _answered(self, answer: "asyncio.Future[None]") -> None:
        error = None if answer.cancelled() else answer.exception()
        end(self._span, "cancelled" if answer.cancelled() else type(error).__name__ if error else "")

    def block_ends(self, error: str) -> None:
        """Notes what went wrong in the block."""
        if error or not self._lasts:
            end(self._span, error)


class OtelTracing:
    """Spans of the write path, sent by OTLP over HTTP; endpoint, sampler and the like are the standard variables'."""

    def __init__(self, sending: SpanProcessor | None = None) -> None:
        named = Resource.create()
        nameless = str(named.attributes[SERVICE_NAME]).startswith("unknown_service")
        resource = named.merge(Resource({SERVICE_NAME: "modplane"})) if nameless else named
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(sending or BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("modplane")

    async def close(self) -> None:
        """Sends what is there, for two seconds at most; an exporter that hangs is left behind."""
        done = Event()

        def shut_down() -> None:
            self._provider.shutdown()
            done.set()

        Thread(target=shut_down, daemon=True).start()
        await asyncio.to_thread(done.wait, FLUSH_SECONDS)

    def requests(self, app: App) -> App:
        """The application with a span around each request."""
        return cast("App", FollowedRequests(cast("ASGIApp", app), self._tracer))

    @contextmanager
    def publishing(self, topic: str, operation_id: UUID, traceparent: str | None) -> Iterator[FollowedHandover]:
        """A producer's span; the record carries it."""
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
        """A consumer's span: part of the trace if there is but one, else one of its own that links to all."""
        return self._consuming(topic, traceparents) if traceparents else NOT_FOLLOWING

    @contextmanager
    def _consuming(self, topic: str, traceparents: Sequence[str]) -> Iterator[None]:
        told = [span_context(each) for each in dict.fromkeys(traceparents)]
        alone = len({each.trace_id for each in told}) == 1
        with self._tracer.start_as_current_span(
            f"process {topic}",
            within(told[0]) if alone else Context(),
            SpanKind.CONSUMER,
            {**destination(topic), "messaging.batch.message_count": len(told)},
            [Link(each) for each in told],
            record_exception=False,
        ):
            yield

    def stage(self, name: str, batch: Sequence[ReceivedCommand], started: float, ended: float) -> None:
        """A span for each command that is sampled, in its own trace."""
        now = trace.get_current_span().get_span_context()
        for work in batch:
            if work.traceparent is None:
                continue
            told = span_context(work.traceparent)
            if not told.trace_flags.sampled:
                continue
            here = now.is_valid and now.trace_id == told.trace_id
            links = [Link(now)] if now.is_valid and not here else []
            attributes: Attributes = {OPERATION: str(work.envelope.operation_id), "modplane.batch": len(batch)}
            parent = None if here else within(told)
            span = self._tracer.start_span(name, parent, SpanKind.INTERNAL, attributes, links, int(started * 1e9))
            span.end(int(ended * 1e9))


class FollowedRequests:
    """ASGI middleware: a server's span around each request, part of the caller's trace when it names one."""

    def __init__(self, app: ASGIApp, tracer: trace.Tracer) -> None:
        self._app = app
        self._tracer = tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Names the span by the route, once that is known."""
        if scope["type"] != ScopeType.HTTP or scope["path"].startswith(NOBODYS):
            await self._app(scope, receive, send)
            return
        method = scope["method"]
        told = next((value.decode("latin-1") for name, value in scope["headers"] if name == HEADER.encode()), None)
        parent = Context() if told is None else context_of(told)
        attributes = {"http.request.method": method}
        with self._tracer.start_as_current_span(
            method, parent, SpanKind.SERVER, attributes, record_exception=False
        ) as span:

            async def telling(message: Message) -> None:
                if message["type"] == "http.response.start":
                    describe(span, method, scope.get("path_template", ""), message)
                await send(message)

            await self._app(scope, receive, telling)


def destination(topic: str) -> dict[str, str]:
    """Where a record goes, or came from."""
    return {"messaging.system": "kafka", "messaging.destination.name": topic}


def describe(span: Span, method: str, route: str, message: Any) -> None:
    """What is known of a request when its answer begins."""
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
    """Ends a span. Of an error, its kind alone is told: its text may name what is nobody's business."""
    if error:
        span.set_status(StatusCode.ERROR, error)
    span.end()


def traceparent(span: Span) -> str:
    """The span as a record carries it."""
    told: dict[str, str] = {}
    W3C.inject(told, trace.set_span_in_context(span, Context()))
    return told.get(HEADER, "")


def context_of(traceparent: str) -> Context:
    """The context a record carries; an empty one when it cannot be read."""
    return W3C.extract({HEADER: traceparent}, Context())


def span_context(traceparent: str) -> SpanContext:
    """The span a record carries, an invalid one when it cannot be read."""
    return trace.get_current_span(context_of(traceparent)).get_span_context()


def within(parent: SpanContext) -> Context:
    """A context whose present span is the given one."""
    return trace.set_span_in_context(trace.NonRecordingSpan(parent), Context())


def add_trace_id(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """For structlog: the trace a line belongs to."""
    now = trace.get_current_span().get_span_context()
    if now.is_valid:
        line.setdefault("trace_id", f"{now.trace_id:032x}")
    return line
