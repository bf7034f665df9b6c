"""Events over HTTP: the audit trail in pages and as an export, and live streams."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from dishka.integrations.litestar import FromDishka
from litestar import Controller, Response, get
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency, Provide
from litestar.handlers import BaseRouteHandler
from litestar.openapi import ResponseSpec
from litestar.params import QueryParameter

from shared.errors import FieldError
from shared.eventlog.model import EventFilter, LoggedEvent
from shared.eventlog.postgres import NEWEST_FIRST, EventPage, EventReader, PageOfEvents, Sort
from shared.eventlog.sse import EventStreams, Listener
from shared.eventlog.tail import EventTail
from shared.http.authentication import NotYourOrganization, RoleRequired, ScopeRequired, bearer_token, caller_of
from shared.http.bodies import AnyRequest
from shared.http.parameters import BadParameter
from shared.http.responses import StreamedAnswer, documented
from shared.lists.cursors import DEFAULT_LIMIT, PageCursor, PageLimit
from shared.ports import EVENTS_SCOPE, Caller
from shared.slugs import MAX_SLUG, SLUG_PATTERN
from shared.text.forms import VISIBLE
from shared.text.moments import moment_of

MAX_TYPES = 30
TYPE = re.compile(r"[a-z][a-z0-9_.]{0,99}")
TYPES: dict[str, Any] = {"minItems": 1, "items": {"type": "string", "pattern": f"^{TYPE.pattern}$"}}
NDJSON, EVENT_STREAM = "application/x-ndjson", "text/event-stream"
UNBUFFERED = {"X-Accel-Buffering": "no"}


def streamed(media_type: str, description: str) -> dict[int, ResponseSpec]:
    return {200: ResponseSpec(LoggedEvent, media_type=media_type, generate_examples=False, description=description)}


async def may_read_events(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Guard: super admins, whoever belongs to an organization, and services with the scope for all events."""
    caller = caller_of(connection)
    if caller.role == "super_admin" or may_read_all_published(caller):
        return
    if caller.operation_id is not None or (caller.role != "service" and caller.organization_id is None):
        raise RoleRequired("Only super admins, and the people of an organization for their own, may read events.")
    if caller.organization_id is None:
        raise ScopeRequired(
            f"A service that is bound to no organization needs a token with the scope `{EVENTS_SCOPE}` to read events."
        )


def may_read_all_published(caller: Caller) -> bool:
    return caller.role == "service" and caller.organization_id is None and EVENTS_SCOPE in caller.scopes


Moment = Annotated[
    str | None,
    QueryParameter(
        max_length=40,
        description="With its offset from UTC: 2026-11-23T12:00:00Z.",
        schema_extra={"format": "date-time"},
    ),
]
Order = Annotated[Sort, QueryParameter(description="The order of the log; `-` turns it round.")]


async def concerned(
    organization_id: Annotated[UUID | None, QueryParameter(description="What happened to it.")] = None,
    module_id: Annotated[
        str | None,
        QueryParameter(pattern=SLUG_PATTERN, max_length=MAX_SLUG, description="Its own, and those that list it."),
    ] = None,
    industry_code: Annotated[
        str | None,
        QueryParameter(pattern=SLUG_PATTERN, max_length=MAX_SLUG, description="Its own, and organizations' about it."),
    ] = None,
    user_id: Annotated[
        str | None, QueryParameter(max_length=300, pattern=VISIBLE, description="Who caused it.")
    ] = None,
) -> EventFilter:
    return EventFilter(
        organization_id=None if organization_id is None else str(organization_id),
        module_id=module_id,
        industry_code=industry_code,
        user_id=user_id,
    )


async def event_filter(
    concerned: NamedDependency[EventFilter],
    type_: Annotated[
        list[str] | None,
        QueryParameter(name="type", max_items=MAX_TYPES, description="One of these; repeat it.", schema_extra=TYPES),
    ] = None,
    operation_id: Annotated[UUID | None, QueryParameter(description="What it led to.")] = None,
    since: Moment = None,
    until: Moment = None,
) -> EventFilter:
    return msgspec.structs.replace(
        concerned,
        types=known_types(type_ or ()),
        operation_id=operation_id,
        since=moment("since", since),
        until=moment("until", until),
    )


async def which_page(
    limit: PageLimit = DEFAULT_LIMIT, cursor: PageCursor = None, sort: Order = NEWEST_FIRST
) -> PageOfEvents:
    return PageOfEvents(limit, cursor, sort)


class EventsController(Controller):
    """What happened, and what happens."""

    path = "/events"
    tags = ("events",)
    guards = (may_read_events,)
    dependencies = {  # noqa: RUF012 - litestar's controllers declare by class attributes
        "concerned": Provide(concerned),
        "wanted": Provide(event_filter),
    }

    @get(
        operation_id="getEvents",
        summary="List events, newest first",
        dependencies={"which": Provide(which_page)},
        responses=documented(EventPage),
    )
    async def page(
        self,
        request: AnyRequest,
        wanted: NamedDependency[EventFilter],
        which: NamedDependency[PageOfEvents],
        events: FromDishka[EventReader],
    ) -> Response[bytes]:
        """Each with who did it, why, and in its payload what was before and what is after.

        An organization's people see what happened to it, and so does a service that is bound to it; a service that is
        bound to none needs the scope `events:read`, and sees what happened to all. What happened to accounts and
        tokens, super admins alone see.
        """
        page = await events.page(visible(caller_of(request), wanted), which)
        body = msgspec.json.encode(page)
        return Response(body, media_type="application/json", headers={"Cache-Control": "private, no-cache"})

    @get(
        "/export",
        operation_id="exportEvents",
        summary="Export events as lines of JSON",
        responses=streamed(NDJSON, "A line for each event."),
    )
    async def export(
        self,
        request: AnyRequest,
        wanted: NamedDependency[EventFilter],
        events: FromDishka[EventReader],
        tail: FromDishka[EventTail],
        sort: Order = "position",
    ) -> StreamedAnswer:
        """All that were there when it began, each once. An answer that was broken off has no end: begin anew."""
        tail.check_room()
        lines = await events.export(visible(caller_of(request), wanted), sort)
        headers = {"Content-Disposition": 'attachment; filename="events.ndjson"', **UNBUFFERED}
        return StreamedAnswer(lines, tail.closing, media_type=NDJSON, headers=headers)

    @get(
        "/stream",
        operation_id="streamEvents",
        summary="Stream events as they happen",
        responses=streamed(EVENT_STREAM, "Server-sent events."),
    )
    async def stream(
        self,
        request: AnyRequest,
        wanted: NamedDependency[EventFilter],
        streams: FromDishka[EventStreams],
        last_event_id: Annotated[
            str | None, QueryParameter(max_length=40, description="As the header Last-Event-ID, which wins.")
        ] = None,
    ) -> StreamedAnswer:
        """Each event has its `position` as id; events named `state` say how the stream is.

        With Last-Event-ID everything wanted after that place comes first. Every 15 seconds without an event there is a
        comment. Who reads too slowly is cut off, and misses nothing by coming back with Last-Event-ID.
        """
        who = Listener(caller_of(request), bearer_token(request.scope))
        place = request.headers.get("last-event-id") or last_event_id
        chunks, reader = await streams.open(who, visible(who.caller, wanted), place)
        return StreamedAnswer(chunks, reader.cut, media_type=EVENT_STREAM, headers=UNBUFFERED)


def visible(caller: Caller, wanted: EventFilter) -> EventFilter:
    """Restrict the filter to what the caller may see. Raises `NotYourOrganization`."""
    if caller.role == "super_admin":
        return wanted
    if may_read_all_published(caller):
        return msgspec.structs.replace(wanted, published_only=True)
    if wanted.organization_id not in {None, caller.organization_id}:
        raise NotYourOrganization("You may only reach your own organization.")
    return msgspec.structs.replace(wanted, organization_id=caller.organization_id, published_only=True)


def known_types(names: Sequence[str]) -> tuple[str, ...]:
    """Raise `BadParameter`."""
    if not all(TYPE.fullmatch(name) for name in names):
        raise BadParameter(
            "type must be an event's, such as tenant.module.assigned.", errors=[FieldError("type", "is none")]
        )
    return tuple(names)


def moment(name: str, text: str | None) -> datetime | None:
    """Read a time with its offset, in UTC. Raises `BadParameter`."""
    if text is None:
        return None
    found = moment_of(text)
    if found is None:
        raise BadParameter(
            f"{name} must be a time with its offset from UTC, such as 2026-11-23T12:00:00Z.",
            errors=[FieldError(name, "is no time with an offset that the calendar has")],
        )
    return found
