"""Dead letters over HTTP, for super admins."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from dishka.integrations.litestar import FromDishka
from litestar import Controller, Response, get, post
from litestar.params import FromPath, QueryParameter
from msgspec import Struct
from msgspec.structs import asdict

from shared.dead_letters.postgres import PostgresDeadLetters
from shared.dead_letters.service import (
    DeadLetter,
    DeadLetterKind,
    DeadLetters,
    DeadLetterStatus,
    LetterHandled,
    LetterNotFound,
    LetterUnreadable,
)
from shared.errors import Malformed
from shared.http.authentication import caller_of, super_admin
from shared.http.bodies import AnyRequest
from shared.http.command_route import TakesReason, refuses
from shared.http.parameters import reason_of
from shared.lists.cursors import DEFAULT_LIMIT, Cursors, PageCursor, PageLimit

SHOWN_BYTES = 16 * 1024
NO_STORE = {"Cache-Control": "no-store"}


class ReasonRequired(Malformed):
    """Dropping a dead letter is final, and needs a reason."""


class DeadLetterPage(Struct, frozen=True):
    """Letters, the newest first."""

    items: Sequence[DeadLetter]
    next_cursor: str | None


class DeadLetterDetails(DeadLetter, frozen=True, kw_only=True):
    """A letter with its record.

    `body` is the record's text up to 16 KiB, `body_bytes` its whole size. `operation_status` says how the operation of
    a command stands, `waiting_events` how many events of a blocked key wait.
    """

    body: str
    body_bytes: int
    body_is_cut: bool
    operation_status: str | None
    waiting_events: int


class DeadLettersController(Controller):
    """Records that could not be processed."""

    path = "/system/dead-letters"
    tags = ["system"]  # noqa: RUF012 - litestar's controllers declare by class attributes
    guards = [super_admin]  # noqa: RUF012 - the same

    @get(operation_id="getDeadLetters", summary="List dead letters")
    async def page(
        self,
        letters: FromDishka[PostgresDeadLetters],
        cursors: FromDishka[Cursors],
        limit: PageLimit = DEFAULT_LIMIT,
        cursor: PageCursor = None,
        status: Annotated[DeadLetterStatus | None, QueryParameter(description="In this state alone.")] = None,
        kind: Annotated[DeadLetterKind | None, QueryParameter(description="Of this kind alone.")] = None,
    ) -> Response[DeadLetterPage]:
        """Newest first."""
        return Response(await page_of(letters, cursors, limit, cursor, status=status, kind=kind), headers=NO_STORE)

    @get("/{letter_id:uuid}", operation_id="getDeadLetter", summary="Get a dead letter with its record")
    async def letter(
        self, letter_id: FromPath[UUID], letters: FromDishka[PostgresDeadLetters]
    ) -> Response[DeadLetterDetails]:
        return Response(await details_of(letters, letter_id), headers=NO_STORE)

    @post(
        "/{letter_id:uuid}/retry",
        operation_id="retryDeadLetter",
        opt=refuses(LetterHandled, LetterUnreadable),
        operation_class=TakesReason,
        summary="Retry a dead letter",
        status_code=200,
    )
    async def retry(
        self, request: AnyRequest, letter_id: FromPath[UUID], dead_letters: FromDishka[DeadLetters]
    ) -> DeadLetter:
        """Answers how it stands then: `resolved`; `open`, when it failed again; `retried`, while it is under way.

        A command keeps its operation, an event its id: whatever was done already is not done twice. 409 when somebody
        was quicker, or when the record cannot be read.
        """
        return await dead_letters.retry(letter_id, caller_of(request).user_id, reason_of(request))

    @post(
        "/{letter_id:uuid}/drop",
        operation_id="dropDeadLetter",
        opt=refuses(LetterHandled),
        operation_class=TakesReason,
        summary="Drop a dead letter",
        status_code=200,
    )
    async def drop(
        self, request: AnyRequest, letter_id: FromPath[UUID], dead_letters: FromDishka[DeadLetters]
    ) -> DeadLetter:
        """Needs a reason. Of a `relay` letter the event leaves the queue: consumers find the gap in its stream."""
        why = reason_of(request)
        if why is None:
            raise ReasonRequired("Say why it is given up: the parameter `reason`, or the header Modplane-Reason.")
        return await dead_letters.drop(letter_id, caller_of(request).user_id, why)


async def page_of(
    letters: PostgresDeadLetters,
    cursors: Cursors,
    limit: int,
    cursor: str | None,
    *,
    status: DeadLetterStatus | None,
    kind: DeadLetterKind | None,
) -> DeadLetterPage:
    """Raise `BadCursor`."""
    own = await cursors.of("dead letters", status, kind)
    before = own.place(cursor, tuple[datetime, UUID])
    rows = await letters.page(limit + 1, before, status=status, kind=kind)
    return DeadLetterPage(rows[:limit], own.beyond(rows, limit, lambda letter: (letter.created_at, letter.id)))


async def details_of(letters: PostgresDeadLetters, letter_id: UUID) -> DeadLetterDetails:
    """Raise `LetterNotFound`."""
    record = await letters.record(letter_id)
    if record is None:
        raise LetterNotFound(f"There is no dead letter {letter_id}. See GET /api/v1/system/dead-letters.")
    context = await letters.context_of(record.letter)
    return DeadLetterDetails(
        **asdict(record.letter),
        body=record.body[:SHOWN_BYTES].decode(errors="replace"),
        body_bytes=len(record.body),
        body_is_cut=len(record.body) > SHOWN_BYTES,
        operation_status=context.operation_status,
        waiting_events=context.waiting_events if record.letter.kind == "relay" else 0,
    )
