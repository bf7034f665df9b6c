"""A small OTLP receiver: keeps every span it is sent over HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True)
class Told:
    """A span as it was sent. Times are nanoseconds."""

    service: str
    name: str
    trace: str
    id: str
    parent: str
    links: tuple[tuple[str, str], ...]
    attributes: dict[str, Any]
    started: int
    ended: int


class Collector:
    """All spans so far, and where to send more."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._spans: list[Told] = []
        self._lock = Lock()

    def take(self, body: bytes) -> None:
        told = [
            told_of(span, str(value_of(resource.resource.attributes, "service.name")))
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]
        with self._lock:
            self._spans.extend(told)

    def spans(self, trace: str = "") -> list[Told]:
        with self._lock:
            return [span for span in self._spans if trace in {"", span.trace}]


def told_of(span: Any, service: str) -> Told:
    return Told(
        service,
        span.name,
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        tuple((link.trace_id.hex(), link.span_id.hex()) for link in span.links),
        {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in span.attributes},
        span.start_time_unix_nano,
        span.end_time_unix_nano,
    )


def value_of(attributes: Any, name: str) -> Any:
    return next(each.value.string_value for each in attributes if each.key == name)


@contextmanager
def collecting() -> Iterator[Collector]:
    """A receiver on a port of its own."""

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            collector.take(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    collector = Collector(f"http://127.0.0.1:{server.server_port}")
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield collector
    finally:
        server.shutdown()
        server.server_close()
