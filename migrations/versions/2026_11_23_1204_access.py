"""Users, owners whose signup is under way, and the keys that sign tokens."""

from alembic import op

revision = "2026_11_23_1204"
down_revision = "2026_11_23_1203"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE SCHEMA access;
CREATE TABLE access.users (
  id uuid CONSTRAINT pk_users PRIMARY KEY, email text NOT NULL CONSTRAINT uq_users_email UNIQUE, name text,
  password_hash text NOT NULL,
  role text NOT NULL CONSTRAINT ck_users_role CHECK (role IN ('super_admin', 'organization_admin', 'service')),
  organization_id uuid, created_at timestamptz NOT NULL DEFAULT now(), is_active boolean NOT NULL DEFAULT true
);
CREATE INDEX ix_users_organization_id ON access.users (organization_id);
CREATE TABLE access.pending_owners (
  operation_id uuid CONSTRAINT pk_pending_owners PRIMARY KEY,
  email text NOT NULL CONSTRAINT uq_pending_owners_email UNIQUE, name text, password_hash text NOT NULL,
  expires_at timestamptz NOT NULL, created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE access.signing_keys (
  kid text CONSTRAINT pk_signing_keys PRIMARY KEY, secret bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(), retired_at timestamptz
);
GRANT USAGE ON SCHEMA access TO modplane_service;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA access TO modplane_service;
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    for statement in STATEMENTS.split(";"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.execute("DROP TABLE access.signing_keys, access.pending_owners, access.users")
    op.execute("DROP SCHEMA access")
