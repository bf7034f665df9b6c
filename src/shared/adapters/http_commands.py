"""From a request to a command's outcome, once for every command route."""

import hashlib
from collections.abc import Sequence
from typing import Any, Protocol
from urllib.parse import unquote
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec
from litestar import Request, Response
from msgspec import Struct

from shared.adapters.http import caller_of
from shared.adapters.problem_json import problem
from shared.bus import Answer, CommandBus, encoded_command
from shared.errors import FieldError, Malformed, PreconditionRequired, Refusal
from shared.messages import CommandEnvelope, Outcome
from shared.ports import Clock, Ids

OPERATIONS = uuid5(NAMESPACE_URL, "urn:modplane:operations")
WAIT_SECONDS = 5.0
MAX_KEY = 255
MAX_REASON = 500
EVENTS_SINCE = 20


class BadHeader(Malformed):
    """A header cannot be read."""


class IfMatchRequired(PreconditionRequired):
    """A change that nobody waits for must say which state it is meant for."""


class EventSummary(Struct, frozen=True):
    """One event a caller did not know of."""

    sequence: int
    type: str
    user_id: str
    occurred_at: str
    reason: str | None


class EventsSince(Protocol):
    """What happened on a stream after a sequence."""

    async def events_since(
        self, context: str, aggregate_id: str, sequence: int, limit: int
    ) -> Sequence[EventSummary]: ...


class Asked(Struct, frozen=True):
    """A command as a request asks for it. `principal` and `body` stand in where the request has a secret or no user."""

    context: str
    aggregate_id: str
    command: Any
    organization_id: str | None = None
    principal: str | None = None
    body: bytes | None = None
    needs_if_match: bool = False
    operation_id: UUID | None = None
    wait: float = WAIT_SECONDS


class CommandSender:
    """Builds the envelope from a request's headers and sends it."""

    def __init__(self, bus: CommandBus, clock: Clock, ids: Ids, events: EventsSince) -> None:
        self._bus = bus
        self._clock = clock
        self._ids = ids
        self._events = events

    async def send(self, request: Request[Any, Any, Any], asked: Asked) -> Answer:
        """Sends and waits as the request prefers. Raises refusals of the headers and of the bus."""
        principal = asked.principal or caller_of(request).user_id
        asynchronous = respond_async(request)
        expected = expected_sequence(request)
        if asked.needs_if_match and asynchronous and expected is None:
            raise IfMatchRequired(
                "With `Prefer: respond-async` this change needs If-Match with the ETag you last read."
            )
        envelope = CommandEnvelope(
            operation_id=asked.operation_id or self.operation_id(request, principal),
            aggregate_id=asked.aggregate_id,
            organization_id=asked.organization_id,
            user_id=principal,
            fingerprint=fingerprint(request, await request.body() if asked.body is None else asked.body),
            issued_at=self._clock.now(),
            reason=reason_of(request),
            expected_sequence=expected,
            command=encoded_command(asked.command),
        )
        return await self._bus.execute(asked.context, envelope, asked.command, 0.0 if asynchronous else asked.wait)

    def operation_id(self, request: Request[Any, Any, Any], principal: str) -> UUID:
        """Derived from the Idempotency-Key and whose it is; a new one when there is no key."""
        key = request.headers.get("idempotency-key")
        if key is None:
            return self._ids.new()
        if not 0 < len(key) <= MAX_KEY:
            raise BadHeader(f"Idempotency-Key must have 1 to {MAX_KEY} characters.")
        return uuid5(OPERATIONS, f"{principal}\x1f{request.scope['method']}\x1f{request.scope['path']}\x1f{key}")

    async def answer(self, request: Request[Any, Any, Any], asked: Asked, *, created: bool = False) -> Response[bytes]:
        """Sends the command and answers the request: the result, the refusal, or 202 with the operation's address.

        `created`: an applied command answers 201.
        """
        answer = await self.send(request, asked)
        if answer.outcome is None:
            return accepted(answer)
        status = 201 if created and answer.outcome.status == "applied" else 200
        return await self.report(request, answer.outcome, answer.path, status)

    async def report(
        self, request: Request[Any, Any, Any], outcome: Outcome, path: str, status: int = 200
    ) -> Response[bytes]:
        """The answer to a decided command."""
        headers = {"Modplane-Operation-Id": str(outcome.operation_id), "Modplane-Decided": path}
        if outcome.refusal is not None:
            return problem(request, await self._told(outcome.refusal, outcome), headers)
        if outcome.status == "failed":
            detail = "The command failed and changed nothing. It is kept as a dead letter; the same key retries it."
            return problem(request, Refusal("internal", "operation_failed", detail), headers)
        headers["ETag"] = f'"{outcome.sequence}"'
        return Response(outcome_body(outcome), status_code=status, media_type="application/json", headers=headers)

    async def _told(self, refusal: Refusal, outcome: Outcome) -> Refusal:
        if refusal.kind != "precondition_failed" or "expected" not in refusal.extra:
            return refusal
        events = await self._events.events_since(
            outcome.context, outcome.aggregate_id, int(refusal.extra["expected"]), EVENTS_SINCE
        )
        return msgspec.structs.replace(refusal, extra=refusal.extra | {"events": events})


def accepted(answer: Answer, **extra: Any) -> Response[bytes]:
    """202: the operation's address, which answers from now on."""
    body = {"operation_id": answer.operation_id, "status": "pending", **extra}
    headers = {
        "Location": f"/api/v1/operations/{answer.operation_id}",
        "Modplane-Operation-Id": str(answer.operation_id),
        "Modplane-Decided": answer.path,
    }
    return Response(msgspec.json.encode(body), status_code=202, media_type="application/json", headers=headers)


def outcome_body(outcome: Outcome) -> bytes:
    """`{"operation_id", "status", …the result's own fields}`."""
    head = b'{"operation_id":"%s","status":"%s"' % (str(outcome.operation_id).encode(), outcome.status.encode())
    result = bytes(outcome.result) if outcome.result is not None else b"{}"
    return head + (b"," + result[1:] if len(result) > len(b"{}") else b"}")


def respond_async(request: Request[Any, Any, Any]) -> bool:
    """Whether the caller would rather not wait (RFC 7240)."""
    prefer = request.headers.get("prefer", "")
    return any(part.strip().lower() == "respond-async" for part in prefer.split(","))


def expected_sequence(request: Request[Any, Any, Any]) -> int | None:
    """The sequence in If-Match: the part of an ETag before the dot. Raises `BadHeader`."""
    tag = request.headers.get("if-match")
    if tag is None or tag.strip() == "*":
        return None
    sequence = tag.strip().strip('"').partition(".")[0]
    if not sequence.isascii() or not sequence.isdigit() or len(sequence) > len(str(2**63)):
        raise BadHeader('If-Match must be an ETag this service gave, such as "12.0a1b2c3d4e5f6a7b".')
    return int(sequence)


def reason_of(request: Request[Any, Any, Any]) -> str | None:
    """Why, in the caller's words: percent-encoded UTF-8 in the header `Modplane-Reason`, kept with the events."""
    value = request.headers.get("modplane-reason")
    if value is None:
        return None
    reason = unquote(value).strip()
    if len(reason) > MAX_REASON or "\x00" in reason:
        raise BadHeader(
            f"Modplane-Reason must have at most {MAX_REASON} characters.",
            errors=[FieldError("Modplane-Reason", "too long, or not text")],
        )
    return reason or None


def fingerprint(request: Request[Any, Any, Any], body: bytes) -> str:
    """Tells two requests with one key apart: method, path, query, If-Match and body."""
    digest = hashlib.blake2b(digest_size=16)
    query = request.scope.get("query_string", b"")
    for part in (request.scope["method"].encode(), request.scope["path"].encode(), query, body):
        digest.update(len(part).to_bytes(8, "big") + part)
    digest.update(request.headers.get("if-match", "").encode())
    return digest.hexdigest()
