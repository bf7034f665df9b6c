"""From a request to the answer of its command, for every command route."""

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec
from litestar import Request, Response
from msgspec import Struct

from shared.commands.bus import Answer, CommandBus, require_sendable
from shared.commands.conflict_details import ConflictDetails
from shared.commands.dry_run import DryRunner, Preview, preview_body
from shared.commands.envelopes import CommandEnvelopes
from shared.errors import PreconditionRequired, Refusal
from shared.http.authentication import caller_of
from shared.http.parameters import (
    ANY_STATE,
    expected_sequence,
    idempotency_key,
    if_match,
    is_dry_run,
    previewed,
    reason_of,
    respond_async,
)
from shared.http.problems import problem
from shared.messages import CommandEnvelope, Outcome, ReceivedCommand
from shared.ports import Caller, Ids

OPERATIONS = uuid5(NAMESPACE_URL, "urn:modplane:operations")
WAIT_SECONDS = 5.0


class IfMatchRequired(PreconditionRequired):
    """An asynchronous change must name the state it is meant for."""


class Asked(Struct, frozen=True):
    """A command that a request asks for. `principal` is its user where nobody is signed in."""

    context: str
    aggregate_id: str
    command: Any
    organization_id: str | None = None
    principal: str | None = None
    meaning: Any = None
    needs_if_match: bool = False
    operation_id: UUID | None = None
    wait: float = WAIT_SECONDS


Then = Callable[[Outcome], Awaitable[Outcome | None]]


class CommandSender:
    def __init__(
        self,
        bus: CommandBus,
        dry_runs: DryRunner,
        conflict_details: ConflictDetails,
        envelopes: CommandEnvelopes,
        ids: Ids,
    ) -> None:
        self._bus = bus
        self._dry_runs = dry_runs
        self._conflict_details = conflict_details
        self._envelopes = envelopes
        self._ids = ids

    async def send(self, request: Request[Any, Any, Any], asked: Asked) -> Answer:
        """Wait as long as the request prefers. Raises refusals of the headers and of the bus."""
        envelope = await self._envelope(request, asked)
        wait = 0.0 if respond_async(request) else asked.wait
        return await self._bus.execute(asked.context, envelope, asked.command, wait)

    async def preview(self, request: Request[Any, Any, Any], asked: Asked) -> tuple[Preview, Struct | None]:
        """Return what sending would do, and its impact. Raises what `send` would raise before it sends."""
        envelope = await self._envelope(request, asked)
        require_sendable(envelope)
        return await self._dry_runs.preview(asked.context, ReceivedCommand(envelope, asked.command))

    async def _envelope(self, request: Request[Any, Any, Any], asked: Asked) -> CommandEnvelope:
        principal = asked.principal or caller_of(request).user_id
        operation_id = asked.operation_id or self.operation_id(request, principal)
        preview, reason = previewed(request), reason_of(request)
        # Last: a request that cannot be read is refused for that, whatever state it was meant for.
        expected = expected_sequence(request)
        if asked.needs_if_match and respond_async(request) and if_match(request) is None:
            raise IfMatchRequired(
                "With `Prefer: respond-async` this change needs If-Match with the ETag you last read."
            )
        return self._envelopes.make(
            asked.command,
            aggregate_id=asked.aggregate_id,
            user_id=principal,
            operation_id=operation_id,
            organization_id=asked.organization_id,
            fingerprint=fingerprint(request, asked.command if asked.meaning is None else asked.meaning),
            reason=reason,
            expected_sequence=expected,
            preview=preview,
        )

    def operation_id(self, request: Request[Any, Any, Any], principal: str) -> UUID:
        return operation_id_of(request, principal, self._ids)

    async def answer(
        self, request: Request[Any, Any, Any], asked: Asked, *, created: bool = False, then: Then | None = None
    ) -> Response[bytes]:
        """Send, or run dry, and answer. `then` is awaited before a known outcome is reported, and may replace it."""
        if is_dry_run(request):
            preview, impact = await self.preview(request, asked)
            return await self.report_dry_run(request, asked, preview, preview_body(preview, impact))
        answer = await self.send(request, asked)
        if answer.outcome is None:
            return accepted(answer)
        outcome = answer.outcome if then is None else await then(answer.outcome) or answer.outcome
        status = 201 if created and outcome.status == "applied" else 200
        return await self.report(request, outcome, answer.path, status)

    async def report(
        self, request: Request[Any, Any, Any], outcome: Outcome, path: str, status: int = 200
    ) -> Response[bytes]:
        headers = {"Modplane-Operation-Id": str(outcome.operation_id), "Modplane-Decided": path}
        if outcome.status == "failed":
            detail = "The command failed and changed nothing. It is kept as a dead letter; the same key retries it."
            return problem(request, Refusal("internal", "operation_failed", detail), headers)
        if (refusal := await self._refusal(request, outcome)) is not None:
            return problem(request, refusal, headers)
        headers["ETag"] = f'"{outcome.sequence}"'
        return Response(outcome_body(outcome), status_code=status, media_type="application/json", headers=headers)

    async def report_dry_run(
        self, request: Request[Any, Any, Any], asked: Asked, preview: Preview, body: Any
    ) -> Response[bytes]:
        if preview.refusal is not None:
            outcome = Outcome(
                operation_id=self._ids.new(),
                status="rejected",
                fingerprint="",
                context=asked.context,
                aggregate_id=asked.aggregate_id,
                refusal=preview.refusal,
            )
            return problem(request, await self._refusal(request, outcome) or preview.refusal)
        headers = {"ETag": f'"{preview.sequence}"'}
        return Response(msgspec.json.encode(body), status_code=200, media_type="application/json", headers=headers)

    async def _refusal(self, request: Request[Any, Any, Any], outcome: Outcome) -> Refusal | None:
        caller = request.scope["user"]
        return await self._conflict_details.complete(outcome, caller if isinstance(caller, Caller) else None)


def operation_id_of(request: Request[Any, Any, Any], principal: str, ids: Ids) -> UUID:
    """Derive the id from the Idempotency-Key and its owner; without a key make a new one. Raises `BadHeader`."""
    key = idempotency_key(request)
    return ids.new() if key is None else operation_id_for(request, principal, key)


def operation_id_for(request: Request[Any, Any, Any], principal: str, key: str) -> UUID:
    return uuid5(OPERATIONS, f"{principal}\x1f{request.scope['method']}\x1f{request.scope['path']}\x1f{key}")


def accepted(answer: Answer, **extra: Any) -> Response[bytes]:
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


def fingerprint(request: Request[Any, Any, Any], meaning: Any) -> str:
    """Hash what a request means, If-Match, preview and reason included. Raises `BadHeader` and `BadParameter`."""
    given = if_match(request)
    expected = given if given in {None, ANY_STATE} else expected_sequence(request)
    parts = (request.scope["method"], request.scope["path"], meaning, expected, previewed(request), reason_of(request))
    return hashlib.blake2b(msgspec.json.encode(parts, order="deterministic"), digest_size=16).hexdigest()
