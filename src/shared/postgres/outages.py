"""Classify the database's errors: tell an outage from a defect, and a full disk from an outage."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from shared.errors import Unavailable
from shared.telemetry import metrics

SERVICE_ROLE = "modplane_service"

# 08 connection, 28 and 3D refused connections, 53 resources, 57 intervention, 58 system; 40001 serialization,
# 40P01 deadlock, 55P03 lock_timeout, 25P03 idle, 25006 read-only.
REFUSED_AT_THE_DOOR = ("28", "3D")
TRANSIENT_CLASSES = ("08", *REFUSED_AT_THE_DOOR, "53", "57", "58")
TRANSIENT_STATES = ("40001", "40P01", "55P03", "25P03", "25006")
# The driver raises its internal error when the server ended the session while the process was frozen.
LOST_SESSION = (asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError)

DISK_FULL = "its disk is full"
READ_ONLY = "it is read-only"
NO_FILES = "its files cannot be written, its log says why"

FULL = re.compile(r"No space left on device|[Qq]uota exceeded|File too large")
# The server reports quotas and short writes as internal errors, without an SQLSTATE of their own.
OF_FILES = re.compile(
    r"could not (access|allocate|create|extend|flush|fsync|open|read|rename|resize|seek|truncate|write)\b.*"
    r"\b(file|files|directory|block|blocks|segment|status of transaction)\b",
    re.DOTALL,
)


class DatabaseUnavailable(Unavailable):
    """The database does not answer, or ended the session; nothing was committed by this attempt."""


class DatabaseTakesNoWrites(DatabaseUnavailable):
    """The database answers, and writes fail for want of room or because it is read-only; nothing was committed."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"The database takes no writes: {reason}. Reads go on. Send the same request, with the same "
            "Idempotency-Key, when this is over."
        )
        self.reason = reason


class Writes:
    """Whether writes go through, as this process last found out; `problem` is empty while they do."""

    def __init__(self) -> None:
        self.problem = ""
        metrics.WRITES_ACCEPTED.set(1)

    def failed(self, reason: str) -> None:
        self.problem = reason
        metrics.WRITES_ACCEPTED.set(0)

    def succeeded(self) -> None:
        self.problem = ""
        metrics.WRITES_ACCEPTED.set(1)


def why_no_writes(error: asyncpg.PostgresError) -> str | None:
    """Why the database takes no writes, if that is what the error says."""
    state, text = error.sqlstate or "", f"{error} {getattr(error, 'detail', None) or ''}"
    if state == "53100" or (FULL.search(text) and OF_FILES.search(text)):
        return DISK_FULL
    if state == "25006":
        return READ_ONLY
    if state == "58030" or ((state[:2] in {"XX", "58"} or state == "42501") and OF_FILES.search(text)):
        return NO_FILES
    return None


def is_transient(error: BaseException) -> bool:
    """Whether the same statements may succeed when they are tried again."""
    if isinstance(error, asyncpg.PostgresError):
        state = error.sqlstate or ""
        if isinstance(error, asyncpg.InvalidParameterValueError) and SERVICE_ROLE in str(error):
            return True  # the role is created with the schema
        return state[:2] in TRANSIENT_CLASSES or state in TRANSIENT_STATES or why_no_writes(error) is not None
    return isinstance(error, LOST_SESSION)


@contextmanager
def typed_outages() -> Iterator[None]:
    """Turn what an outage raises into `DatabaseUnavailable`; everything else passes."""
    try:
        yield
    except (asyncpg.PostgresError, *LOST_SESSION) as error:
        reason = why_no_writes(error) if isinstance(error, asyncpg.PostgresError) else None
        if reason is not None:
            raise DatabaseTakesNoWrites(reason) from error
        if not is_transient(error):
            raise
        if str(getattr(error, "sqlstate", "")).startswith(REFUSED_AT_THE_DOOR):
            raise DatabaseUnavailable("The database refuses the connection: check MODPLANE_POSTGRES_URL.") from error
        raise DatabaseUnavailable("The database does not answer. Try again in a few seconds.") from error
