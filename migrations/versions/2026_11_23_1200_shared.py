"""The write path's own tables, and the role the service works under."""

from alembic import op

revision = "2026_11_23_1200"
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
CREATE TABLE shared.streams (
  context text NOT NULL, id text COLLATE "C" NOT NULL, version bigint NOT NULL, state json,
  state_schema integer NOT NULL DEFAULT 1, CONSTRAINT pk_streams PRIMARY KEY (context, id)
) WITH (fillfactor = 70);
CREATE TABLE shared.operations (
  id uuid CONSTRAINT pk_operations PRIMARY KEY, context text NOT NULL, aggregate_id text NOT NULL,
  organization_id text, user_id text NOT NULL, command text NOT NULL, status text NOT NULL,
  fingerprint text NOT NULL, outcome json, created_at timestamptz NOT NULL DEFAULT now(), decided_at timestamptz
);
CREATE INDEX ix_operations_created_at ON shared.operations (created_at);
CREATE TABLE shared.event_log (
  seq bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_event_log PRIMARY KEY,
  xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  id uuid NOT NULL CONSTRAINT uq_event_log_id UNIQUE,
  aggregatetype text NOT NULL, aggregateid text NOT NULL, type text NOT NULL, sequence bigint NOT NULL,
  payload json NOT NULL, organization_id text, module_id text, user_id text NOT NULL, operation_id uuid NOT NULL,
  reason text, occurred_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX uq_event_log_stream ON shared.event_log (aggregatetype, aggregateid, sequence);
CREATE TABLE shared.event_relay (
  seq bigint CONSTRAINT pk_event_relay PRIMARY KEY, key text NOT NULL, invalidates text NOT NULL,
  fresh boolean NOT NULL DEFAULT true
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
  id uuid CONSTRAINT pk_dead_letters PRIMARY KEY, kind text NOT NULL, source text NOT NULL, key text NOT NULL,
  body bytea NOT NULL, error text NOT NULL, status text NOT NULL DEFAULT 'open',
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_dead_letters_open_key ON shared.dead_letters (kind, key) WHERE status = 'open';
CREATE TABLE shared.marks (name text CONSTRAINT pk_marks PRIMARY KEY, made_at timestamptz NOT NULL DEFAULT now());
"""

GRANTS = """
GRANT modplane_service TO CURRENT_USER;
GRANT USAGE ON SCHEMA shared TO modplane_service;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA shared TO modplane_service;
REVOKE UPDATE, DELETE, TRUNCATE ON shared.event_log FROM modplane_service;
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.execute(ROLE)
    op.execute("CREATE SCHEMA shared")
    for statement in (TABLES + GRANTS).strip().split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.execute("DROP SCHEMA shared CASCADE")
