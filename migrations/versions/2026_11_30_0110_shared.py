"""The tables of the write path, and the role the service works under."""

from alembic import op

revision = "2026_11_30_0110"
down_revision = None
branch_labels = None
depends_on = None

ROLE = """
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'modplane_service') THEN
    CREATE ROLE modplane_service NOLOGIN;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$
"""

TABLES = """
CREATE SCHEMA shared;
CREATE TABLE shared.streams (
  context text NOT NULL, id text COLLATE "C" NOT NULL, version bigint NOT NULL, state json,
  state_schema integer NOT NULL DEFAULT 1, CONSTRAINT pk_streams PRIMARY KEY (context, id)
) WITH (fillfactor = 70);
CREATE TABLE shared.operations (
  id uuid CONSTRAINT pk_operations PRIMARY KEY, context text NOT NULL, aggregate_id text NOT NULL,
  organization_id text, user_id text NOT NULL, command text NOT NULL, status text NOT NULL,
  fingerprint text NOT NULL, outcome json, created_at timestamptz NOT NULL DEFAULT now(), decided_at timestamptz
);
CREATE INDEX ix_operations_created_at ON shared.operations (created_at, id);
CREATE INDEX ix_operations_pending ON shared.operations (created_at) WHERE status = 'pending';
CREATE INDEX ix_operations_organization_id ON shared.operations (organization_id, created_at, id)
  WHERE organization_id IS NOT NULL;
CREATE INDEX ix_operations_unsettled ON shared.operations (status, created_at, id)
  WHERE status IN ('pending', 'rejected', 'failed');
CREATE TABLE shared.event_log (
  seq bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_event_log PRIMARY KEY,
  xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  id uuid NOT NULL CONSTRAINT uq_event_log_id UNIQUE,
  aggregatetype text NOT NULL, aggregateid text NOT NULL, type text NOT NULL, sequence bigint NOT NULL,
  payload json NOT NULL, organization_id text, module_id text, user_id text NOT NULL, operation_id uuid NOT NULL,
  reason text, occurred_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX uq_event_log_stream ON shared.event_log (aggregatetype, aggregateid, sequence);
CREATE INDEX ix_event_log_xid_seq ON shared.event_log (xid, seq);
CREATE INDEX ix_event_log_occurred_at ON shared.event_log (occurred_at);
CREATE INDEX ix_event_log_operation_id ON shared.event_log (operation_id);
CREATE INDEX ix_event_log_organization_id ON shared.event_log (organization_id COLLATE "C", xid, seq);
CREATE INDEX ix_event_log_module_id ON shared.event_log (module_id COLLATE "C", xid, seq);
CREATE INDEX ix_event_log_user_id ON shared.event_log (user_id COLLATE "C", xid, seq);
CREATE INDEX ix_event_log_type ON shared.event_log (type COLLATE "C", xid, seq);
CREATE TABLE shared.event_names (name text COLLATE "C" NOT NULL, xid xid8 NOT NULL, seqs bigint[] NOT NULL);
CREATE INDEX ix_event_names_name ON shared.event_names (name, xid);
CREATE TABLE shared.event_relay (
  seq bigint CONSTRAINT pk_event_relay PRIMARY KEY, key text NOT NULL, invalidates text NOT NULL,
  fresh boolean NOT NULL DEFAULT true, traceparent text
);
CREATE INDEX ix_event_relay_fresh ON shared.event_relay (seq) WHERE fresh;
CREATE INDEX ix_event_relay_key ON shared.event_relay (key);
CREATE TABLE shared.relay_lease (
  id integer CONSTRAINT pk_relay_lease PRIMARY KEY, holder text NOT NULL, backend_pid integer NOT NULL,
  backend_start timestamptz NOT NULL, renewed_at timestamptz NOT NULL
);
CREATE TABLE shared.inbox (
  consumer text NOT NULL, event_id uuid NOT NULL, received_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT pk_inbox PRIMARY KEY (consumer, event_id)
);
CREATE INDEX ix_inbox_received_at ON shared.inbox (received_at);
CREATE TABLE shared.dead_letters (
  id uuid CONSTRAINT pk_dead_letters PRIMARY KEY,
  kind text NOT NULL CONSTRAINT ck_dead_letters_kind CHECK (kind IN ('command', 'event', 'relay')),
  source text NOT NULL, key text NOT NULL, body bytea NOT NULL, error text NOT NULL,
  status text NOT NULL DEFAULT 'open'
    CONSTRAINT ck_dead_letters_status CHECK (status IN ('open', 'retried', 'resolved', 'dropped')),
  created_at timestamptz NOT NULL DEFAULT now(), context text, subject_id uuid, retries integer NOT NULL DEFAULT 0,
  handled_at timestamptz, handled_by text, reason text
);
CREATE INDEX ix_dead_letters_unsettled_key ON shared.dead_letters (kind, key) WHERE status IN ('open', 'retried');
CREATE INDEX ix_dead_letters_unsettled_subject ON shared.dead_letters (subject_id)
  WHERE kind = 'command' AND status IN ('open', 'retried');
CREATE INDEX ix_dead_letters_created_at ON shared.dead_letters (created_at, id);
CREATE INDEX ix_dead_letters_status ON shared.dead_letters (status, created_at, id);
CREATE TABLE shared.marks (name text CONSTRAINT pk_marks PRIMARY KEY, made_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE shared.cursor_key (id integer CONSTRAINT pk_cursor_key PRIMARY KEY, key bytea NOT NULL);
CREATE TABLE shared.replicas (
  name text CONSTRAINT pk_replicas PRIMARY KEY, role text NOT NULL, version text NOT NULL,
  started_at timestamptz NOT NULL, seen_at timestamptz NOT NULL, report json NOT NULL
) WITH (fillfactor = 50)
"""

# The modules and industries an event is about, beyond the one module in its own column.
NAMES_IN = """
CREATE FUNCTION shared.names_in(payload json) RETURNS SETOF text LANGUAGE sql IMMUTABLE AS $$
  WITH told AS MATERIALIZED (
    SELECT * FROM json_to_record(payload) AS r(module_ids json, modules json, skipped json, industry_code text,
                                               changes json)
  ), listed AS (
    SELECT one.value AS module_id
    FROM told, json_array_elements_text(CASE json_typeof(module_ids) WHEN 'array' THEN module_ids END) AS one
    UNION
    SELECT one.value ->> 'module_id' FROM told, json_array_elements(
      CASE WHEN json_typeof(module_ids) = 'array' THEN NULL WHEN json_typeof(modules) = 'array' THEN modules END) AS one
    UNION
    SELECT one.value ->> 'module_id'
    FROM told, json_array_elements(CASE json_typeof(skipped) WHEN 'array' THEN skipped END) AS one
  ), concerned AS (
    SELECT industry_code FROM told
    UNION SELECT changes #>> '{industry_code,before}' FROM told
    UNION SELECT changes #>> '{industry_code,after}' FROM told
  )
  SELECT 'module:' || module_id FROM listed WHERE module_id IS NOT NULL
  UNION ALL SELECT 'industry:' || industry_code FROM concerned WHERE industry_code IS NOT NULL
$$
"""

NOTE_NAMES = """
CREATE FUNCTION shared.note_names() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO shared.event_names (name, xid, seqs)
  SELECT n.name, a.xid, array_agg(a.seq ORDER BY a.seq) FROM added a, shared.names_in(a.payload) AS n(name)
  WHERE a.module_id IS NULL GROUP BY n.name, a.xid;
  RETURN NULL;
END $$
"""

TRIGGER = """
CREATE TRIGGER note_names AFTER INSERT ON shared.event_log REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION shared.note_names()
"""

# Events and the names in them are history: nobody changes or removes them.
GRANTS = """
GRANT modplane_service TO CURRENT_USER;
GRANT USAGE ON SCHEMA shared TO modplane_service;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA shared TO modplane_service;
REVOKE UPDATE, DELETE, TRUNCATE ON shared.event_log, shared.event_names FROM modplane_service;
REVOKE UPDATE, DELETE ON shared.cursor_key FROM modplane_service
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    for statement in (ROLE, *split(TABLES), NAMES_IN, NOTE_NAMES, TRIGGER, *split(GRANTS)):
        op.execute(statement)


def split(statements: str) -> list[str]:
    return statements.strip().split(";\n")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.execute("DROP SCHEMA shared CASCADE")
