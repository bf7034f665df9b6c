"""Spans as they are made, kept in memory."""

import asyncio
from collections.abc import Sequence
from secrets import token_hex
from uuid import UUID, uuid4

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from shared.messages import ReceivedCommand
from shared.telemetry.otel import OtelTracing
from shared.telemetry.tracing import NO_TRACING, carried, trace_headers, trace_id, traceparent_of
from tests.shared.toy import work


class Followed:
    """Tracing, and the spans it made."""

    def __init__(self) -> None:
        self._kept = InMemorySpanExporter()
        self.tracing = OtelTracing(SimpleSpanProcessor(self._kept))

    def spans(self, name: str) -> Sequence[ReadableSpan]:
        return [span for span in self._kept.get_finished_spans() if span.name == name]


@pytest.fixture
def followed() -> Followed:
    return Followed()


def told(sampled: str = "01") -> str:
    return f"00-{token_hex(16)}-{token_hex(8)}-{sampled}"


def of_trace(traceparent: str | None) -> ReceivedCommand:
    toy = work(1)
    return ReceivedCommand(toy.envelope, toy.command, traceparent)


def trace_of(span: ReadableSpan) -> str:
    return f"{span.context.trace_id:032x}"


def links_of(span: ReadableSpan) -> set[int]:
    return {link.context.span_id for link in span.links}


def test_a_batch_of_several_traces_is_none_of_them_and_links_to_all(followed: Followed) -> None:
    traces = [told(), told()]
    batch = [of_trace(each) for each in (*traces, None, told("00"))]
    with followed.tracing.consuming("topic", traces):
        followed.tracing.stage("decide", batch, 1.0, 2.5)
    (taken,) = followed.spans("process topic")
    assert taken.parent is None
    assert links_of(taken) == {int(each.split("-")[2], 16) for each in traces}
    decided = followed.spans("decide")
    assert [trace_of(span) for span in decided] == [trace_id(each) for each in traces]
    for span, each in zip(decided, traces, strict=True):
        assert span.parent is not None
        assert f"{span.parent.span_id:016x}" == each.split("-")[2]
        assert links_of(span) == {taken.context.span_id}
        assert (span.start_time, span.end_time) == (1_000_000_000, 2_500_000_000)


def test_commands_of_one_trace_are_decided_within_their_batch(followed: Followed) -> None:
    trace = told()
    with followed.tracing.consuming("topic", [trace, trace]):
        followed.tracing.stage("decide", [of_trace(trace)], 1.0, 2.0)
    (taken,), (decided,) = followed.spans("process topic"), followed.spans("decide")
    assert trace_of(taken) == trace_of(decided) == trace_id(trace)
    assert decided.parent == taken.context


async def test_a_record_s_span_lasts_until_the_broker_answers(followed: Followed) -> None:
    answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    with followed.tracing.publishing("topic", UUID(int=1), told()) as handover:
        assert trace_headers() == {"traceparent": handover.traceparent}
        handover.lasts_until(answer)
    assert trace_headers() == {}
    assert followed.spans("publish topic") == []
    answer.set_exception(ValueError("a secret"))
    answer.exception()
    await asyncio.sleep(0)
    (span,) = followed.spans("publish topic")
    assert (span.status.is_ok, span.status.description) == (False, "ValueError")


def test_a_record_that_cannot_be_handed_over_is_an_error_of_which_only_the_kind_is_told(followed: Followed) -> None:
    with (
        pytest.raises(ValueError, match="a secret"),
        followed.tracing.publishing("topic", uuid4(), None),
    ):
        raise ValueError("a secret")
    (span,) = followed.spans("publish topic")
    assert (span.status.is_ok, span.status.description, span.events) == (False, "ValueError", ())


def test_whoever_follows_nothing_still_passes_a_trace_on() -> None:
    trace = told()
    with NO_TRACING.publishing("topic", uuid4(), trace) as handover:
        assert (handover.traceparent, carried.get()) == (trace, trace)
    with NO_TRACING.publishing("topic", uuid4(), None) as handover:
        assert (handover.traceparent, carried.get()) == (None, None)


TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Record:
    def __init__(self, *headers: tuple[str, bytes]) -> None:
        self.headers = headers


@pytest.mark.parametrize(
    ("record", "trace"),
    [
        (Record(("content-type", b"a"), ("traceparent", TRACE.encode())), TRACE),
        (Record(("traceparent", TRACE.encode() + b"0")), None),
        (Record(("traceparent", TRACE.encode()[:-1] + b"\x00")), None),
        (Record(("traceparent", b"")), None),
        (Record(), None),
    ],
)
def test_a_record_tells_its_trace_if_it_has_one_that_is_well_formed(record: Record, trace: str | None) -> None:
    assert traceparent_of(record) == trace
