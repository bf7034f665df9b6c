"""SQL of the event log: one condition leads along its index; the others are tested, a bounded number at a time."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from shared.eventlog.model import PUBLISHED, EventFilter, Window, industry_name, module_name
from shared.messages import stream_name

EVENT_COLUMNS = """
l.id, l.type, l.occurred_at, l.aggregatetype, l.aggregateid, l.sequence, l.organization_id, l.module_id, l.user_id,
l.operation_id, l.reason, l.payload
"""

BYTES = 4_000_000
COUNTED = 500
SELECTED = EVENT_COLUMNS.replace("l.", "n.")
FIXED = 6

WINDOW = "(xid, seq) > ($1::text::xid8, $2::bigint) AND (xid, seq) < ($3::text::xid8, $4::bigint)"

ALL = f"(SELECT xid, seq FROM shared.event_log WHERE {WINDOW} ORDER BY xid {{0}}, seq {{0}} LIMIT $5)"

# The value stands in the bounds and in the order, rather than in an equation, for then no other index gives that order:
# whatever the statistics say, the one that begins with the column is read.
HAVING = """
(SELECT xid, seq FROM shared.event_log
 WHERE ({1} COLLATE "C", xid, seq) > ({2}, $1::text::xid8, $2::bigint)
   AND ({1} COLLATE "C", xid, seq) < ({2}, $3::text::xid8, $4::bigint)
 ORDER BY {1} COLLATE "C" {0}, xid {0}, seq {0} LIMIT $5)
"""

# An operation has some hundred events at most, which are all read.
OF_OPERATION = f"""
(SELECT xid, seq FROM (SELECT xid, seq FROM shared.event_log WHERE {{1}} OFFSET 0) AS of_operation WHERE {WINDOW}
 ORDER BY xid {{0}}, seq {{0}} LIMIT $5)
"""

OF_TYPES = f"""
(SELECT of_type.xid, of_type.seq FROM unnest({{1}}) AS wanted(type) CROSS JOIN LATERAL
  {HAVING.format("{0}", "type", "wanted.type")} AS of_type)
"""

NAMING = """
(SELECT n.xid, s.seq FROM shared.event_names n, unnest(n.seqs) AS s(seq)
 WHERE n.name = {1} AND n.xid >= $1::text::xid8 AND n.xid <= $3::text::xid8
   AND (n.xid, s.seq) > ($1::text::xid8, $2::bigint) AND (n.xid, s.seq) < ($3::text::xid8, $4::bigint)
 ORDER BY n.xid {0}, s.seq {0} LIMIT $5)
"""

NAMES = "EXISTS (SELECT FROM shared.event_names n WHERE n.name = {0} AND n.xid = l.xid AND l.seq = ANY(n.seqs))"

PAGE = f"""
WITH looked_at AS MATERIALIZED (
  SELECT xid, seq FROM ({{leading}}) AS found ORDER BY xid {{order}}, seq {{order}} LIMIT $5
), reached AS (
  SELECT xid, seq FROM looked_at ORDER BY xid {{reverse}}, seq {{reverse}} LIMIT 1
), wanted AS (
  SELECT l.xid, l.seq AS place, count(*) OVER () AS number,
    sum(octet_length(l.payload::text)) OVER (ORDER BY l.xid {{order}}, l.seq {{order}}) - octet_length(l.payload::text)
      AS bytes_before, {EVENT_COLUMNS}
  FROM (
    SELECT l.* FROM looked_at a
    CROSS JOIN LATERAL (SELECT * FROM shared.event_log AS one WHERE one.seq = a.seq OFFSET 0) AS l WHERE {{condition}}
    ORDER BY a.xid {{order}}, a.seq {{order}} LIMIT $6
  ) AS l
)
SELECT (SELECT count(*) FROM looked_at), r.xid::text, r.seq, n.number, n.xid::text, n.place, {SELECTED}
FROM reached r LEFT JOIN wanted n ON n.bytes_before < {BYTES} ORDER BY n.xid {{order}}, n.place {{order}}
"""


class EventQuery:
    """One query in one order. Its statements share their arguments."""

    def __init__(self, wanted: EventFilter, *, newest_first: bool) -> None:
        self._order, self._reverse = ("DESC", "ASC") if newest_first else ("ASC", "DESC")
        self._arguments: list[Any] = []
        self._leading: dict[str, str] = {}
        self._conditions: dict[str, str] = {}
        self._operation(wanted)
        self._column("organization_id", wanted.organization_id)
        self._module(wanted)
        self._industry(wanted)
        self._column("user_id", wanted.user_id)
        self._types(wanted)
        self._leading_arguments = len(self._arguments)
        self._rest(wanted)

    @property
    def candidates(self) -> list[str]:
        """The conditions that may lead, usually the most selective first."""
        return list(self._leading)

    def count(self) -> str:
        """Count the events each candidate would look at, in their order; `COUNTED` stands for more."""
        counts = [f"(SELECT count(*) FROM ({leading}) AS found)" for leading in self._leading.values()]
        return f"SELECT {', '.join(counts)} LIMIT $6"

    def page(self, leading: str | None) -> str:
        """Select a page, and how far was searched. None leads when there is no candidate."""
        conditions = [condition for name, condition in self._conditions.items() if name != leading]
        return PAGE.format(
            leading=self._leading[leading] if leading else ALL.format(self._order),
            condition=" AND ".join(conditions or ["true"]),
            order=self._order,
            reverse=self._reverse,
        )

    def looks_closer(self, leading: str | None) -> bool:
        """Whether an event may still not match when the leading condition does."""
        return any(name != leading for name in self._conditions)

    def count_arguments(self, window: Window) -> list[Any]:
        return self.arguments(window, COUNTED, 1)[: FIXED + self._leading_arguments]

    def arguments(self, window: Window, look_at: int, limit: int) -> list[Any]:
        after, before = window.after, window.before
        return [str(after.xid), after.seq, str(before.xid), before.seq, look_at, limit, *self._arguments]

    def _given(self, value: Any, type_: str) -> str:
        self._arguments.append(value)
        return f"${FIXED + len(self._arguments)}::{type_}"

    def _add(self, name: str, leading: Callable[[str], str], condition: str) -> None:
        self._leading[name] = leading(self._order)
        self._conditions[name] = condition

    def _operation(self, wanted: EventFilter) -> None:
        if wanted.operation_id is not None:
            condition = f"operation_id = {self._given(wanted.operation_id, 'uuid')}"
            self._add("operation_id", lambda order: OF_OPERATION.format(order, condition), condition)

    def _column(self, name: str, value: str | None) -> None:
        if value is not None:
            given = self._given(value, "text")
            condition = f'{name} COLLATE "C" = {given}'
            self._add(name, lambda order: HAVING.format(order, name, given), condition)

    def _module(self, wanted: EventFilter) -> None:
        if wanted.module_id is not None:
            given = self._given(wanted.module_id, "text")
            name = self._given(module_name(wanted), "text")
            self._add(
                "module_id",
                lambda order: f"{HAVING.format(order, 'module_id', given)} UNION ALL {NAMING.format(order, name)}",
                f"""(module_id COLLATE "C" = {given} OR {NAMES.format(name)})""",
            )

    def _industry(self, wanted: EventFilter) -> None:
        if wanted.industry_code is not None:
            name = self._given(industry_name(wanted), "text")
            self._add("industry_code", lambda order: NAMING.format(order, name), NAMES.format(name))

    def _types(self, wanted: EventFilter) -> None:
        if wanted.types:
            types = self._given(sorted(set(wanted.types)), "text[]")
            self._add("type", lambda order: OF_TYPES.format(order, types), f"type = ANY({types})")

    def _rest(self, wanted: EventFilter) -> None:
        if wanted.since is not None:
            self._conditions["since"] = f"occurred_at >= {self._given(wanted.since, 'timestamptz')}"
        if wanted.until is not None:
            self._conditions["until"] = f"occurred_at < {self._given(wanted.until, 'timestamptz')}"
        if wanted.published_only:
            self._conditions["published_only"] = f"starts_with(type, {self._given(PUBLISHED, 'text')})"


def event_fields(columns: Sequence[Any]) -> dict[str, Any]:
    (id_, type_, occurred_at, context, aggregate, sequence, *envelope, payload) = columns
    organization_id, module_id, user_id, operation_id, reason = envelope
    return {
        "event_id": id_,
        "type": type_,
        "occurred_at": occurred_at,
        "stream": stream_name(context, aggregate),
        "sequence": sequence,
        "organization_id": organization_id,
        "module_id": module_id,
        "user_id": user_id,
        "operation_id": operation_id,
        "reason": reason,
        "payload": msgspec.Raw(payload.encode()),
    }
