"""The schema `shared`: streams, operations, the event log and its queues."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSON
from sqlalchemy.types import UserDefinedType

from shared.postgres.database import metadata


class Xid8(UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction id."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "xid8"


NOW = text("now()")

streams = Table(
    "streams",
    metadata,
    Column("context", Text, primary_key=True),
    Column("id", Text(collation="C"), primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("state", JSON),
    Column("state_schema", Integer, nullable=False, server_default=text("1")),
    schema="shared",
)

OF_AN_ORGANIZATION = text("organization_id IS NOT NULL")
UNSETTLED = text("status IN ('pending', 'rejected', 'failed')")

operations = Table(
    "operations",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("context", Text, nullable=False),
    Column("aggregate_id", Text, nullable=False),
    Column("organization_id", Text),
    Column("user_id", Text, nullable=False),
    Column("command", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("outcome", JSON),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Column("decided_at", DateTime(timezone=True)),
    Index("ix_operations_created_at", "created_at", "id"),
    Index("ix_operations_organization_id", "organization_id", "created_at", "id", postgresql_where=OF_AN_ORGANIZATION),
    Index("ix_operations_unsettled", "status", "created_at", "id", postgresql_where=UNSETTLED),
    Index("ix_operations_pending", "created_at", postgresql_where=text("status = 'pending'")),
    schema="shared",
)

event_log = Table(
    "event_log",
    metadata,
    Column("seq", BigInteger, Identity(always=True), primary_key=True),
    Column("xid", Xid8(), nullable=False, server_default=text("pg_current_xact_id()")),
    Column("id", Uuid, nullable=False, unique=True),
    Column("aggregatetype", Text, nullable=False),
    Column("aggregateid", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("payload", JSON, nullable=False),
    Column("organization_id", Text),
    Column("module_id", Text),
    Column("user_id", Text, nullable=False),
    Column("operation_id", Uuid, nullable=False),
    Column("reason", Text),
    Column("occurred_at", DateTime(timezone=True), nullable=False),
    Index("uq_event_log_stream", "aggregatetype", "aggregateid", "sequence", unique=True),
    Index("ix_event_log_xid_seq", "xid", "seq"),
    Index("ix_event_log_occurred_at", "occurred_at"),
    Index("ix_event_log_operation_id", "operation_id"),
    Index("ix_event_log_organization_id", text('organization_id COLLATE "C"'), "xid", "seq"),
    Index("ix_event_log_module_id", text('module_id COLLATE "C"'), "xid", "seq"),
    Index("ix_event_log_user_id", text('user_id COLLATE "C"'), "xid", "seq"),
    Index("ix_event_log_type", text('type COLLATE "C"'), "xid", "seq"),
    schema="shared",
)

# Filled by a trigger on `event_log`: one row per statement and name.
event_names = Table(
    "event_names",
    metadata,
    Column("name", Text(collation="C"), nullable=False),
    Column("xid", Xid8(), nullable=False),
    Column("seqs", ARRAY(BigInteger), nullable=False),
    Index("ix_event_names_name", "name", "xid"),
    schema="shared",
)

event_relay = Table(
    "event_relay",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("key", Text, nullable=False),
    Column("invalidates", Text, nullable=False),
    Column("fresh", Boolean, nullable=False, server_default=text("true")),
    Column("traceparent", Text),
    Index("ix_event_relay_fresh", "seq", postgresql_where=text("fresh")),
    Index("ix_event_relay_key", "key"),
    schema="shared",
)

relay_lease = Table(
    "relay_lease",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("holder", Text, nullable=False),
    Column("backend_pid", Integer, nullable=False),
    Column("backend_start", DateTime(timezone=True), nullable=False),
    Column("renewed_at", DateTime(timezone=True), nullable=False),
    schema="shared",
)

replicas = Table(
    "replicas",
    metadata,
    Column("name", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("seen_at", DateTime(timezone=True), nullable=False),
    Column("report", JSON, nullable=False),
    schema="shared",
)

inbox = Table(
    "inbox",
    metadata,
    Column("consumer", Text, primary_key=True),
    Column("event_id", Uuid, primary_key=True),
    Column("received_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Index("ix_inbox_received_at", "received_at"),
    schema="shared",
)

dead_letters = Table(
    "dead_letters",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("error", Text, nullable=False),
    Column("status", Text, nullable=False, server_default=text("'open'")),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Column("context", Text),
    Column("subject_id", Uuid),
    Column("retries", Integer, nullable=False, server_default=text("0")),
    Column("handled_at", DateTime(timezone=True)),
    Column("handled_by", Text),
    Column("reason", Text),
    CheckConstraint("kind IN ('command', 'event', 'relay')", name="kind"),
    CheckConstraint("status IN ('open', 'retried', 'resolved', 'dropped')", name="status"),
    Index("ix_dead_letters_unsettled_key", "kind", "key", postgresql_where=text("status IN ('open', 'retried')")),
    Index(
        "ix_dead_letters_unsettled_subject",
        "subject_id",
        postgresql_where=text("kind = 'command' AND status IN ('open', 'retried')"),
    ),
    Index("ix_dead_letters_created_at", "created_at", "id"),
    Index("ix_dead_letters_status", "status", "created_at", "id"),
    schema="shared",
)

cursor_key = Table(
    "cursor_key",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("key", LargeBinary, nullable=False),
    schema="shared",
)

marks = Table(
    "marks",
    metadata,
    Column("name", Text, primary_key=True),
    Column("made_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    schema="shared",
)
