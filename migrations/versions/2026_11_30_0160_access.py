"""Users, sessions, API tokens and signing keys; secrets only as hashes or sealed."""

from alembic import op

revision = "2026_11_30_0160"
down_revision = "2026_11_30_0150"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE SCHEMA access;
CREATE TABLE access.users (
  id uuid CONSTRAINT pk_users PRIMARY KEY, email text NOT NULL CONSTRAINT uq_users_email UNIQUE, name text,
  password_hash text NOT NULL,
  role text NOT NULL CONSTRAINT ck_users_role CHECK (role IN ('super_admin', 'organization_admin', 'service')),
  organization_id uuid, created_at timestamptz NOT NULL DEFAULT now(), is_active boolean NOT NULL DEFAULT true,
  search_text text NOT NULL DEFAULT '', sort_key text COLLATE "C" NOT NULL DEFAULT ''
);
CREATE INDEX ix_users_email ON access.users (sort_key, id);
CREATE INDEX ix_users_organization_id ON access.users (organization_id, sort_key, id);
CREATE INDEX ix_users_super_admins ON access.users (sort_key, id) WHERE role = 'super_admin';
CREATE INDEX ix_users_inactive ON access.users (sort_key, id) WHERE NOT is_active;
CREATE INDEX ix_users_words ON access.users
  USING gin (array_to_tsvector(string_to_array(search_text, ' '))) WITH (fastupdate = off);
CREATE TABLE access.pending_owners (
  operation_id uuid CONSTRAINT pk_pending_owners PRIMARY KEY,
  email text NOT NULL CONSTRAINT uq_pending_owners_email UNIQUE, name text, password_hash text NOT NULL,
  expires_at timestamptz NOT NULL, created_at timestamptz NOT NULL DEFAULT now(),
  search_text text NOT NULL DEFAULT '', sort_key text COLLATE "C" NOT NULL DEFAULT ''
);
CREATE TABLE access.signing_keys (
  kid text CONSTRAINT pk_signing_keys PRIMARY KEY, secret bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(), retired_at timestamptz
);
CREATE TABLE access.sessions (
  id uuid CONSTRAINT pk_sessions PRIMARY KEY DEFAULT gen_random_uuid(), user_id uuid NOT NULL,
  token_hash bytea NOT NULL, created_at timestamptz NOT NULL DEFAULT now(), expires_at timestamptz NOT NULL,
  revoked_at timestamptz, rotated_at timestamptz, sealed bytea,
  CONSTRAINT fk_sessions_user_id FOREIGN KEY (user_id) REFERENCES access.users (id) ON DELETE CASCADE
) WITH (fillfactor = 80);
CREATE INDEX ix_sessions_user_id ON access.sessions (user_id);
CREATE INDEX ix_sessions_expires_at ON access.sessions (expires_at);
CREATE TABLE access.api_tokens (
  id uuid CONSTRAINT pk_api_tokens PRIMARY KEY, name text NOT NULL,
  token_hash bytea NOT NULL CONSTRAINT uq_api_tokens_token_hash UNIQUE,
  role text NOT NULL CONSTRAINT ck_api_tokens_role CHECK (role IN ('super_admin', 'service')),
  organization_id uuid, scopes text[] NOT NULL, created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(), expires_at timestamptz, last_used_at timestamptz,
  revoked_at timestamptz, search_text text NOT NULL DEFAULT ''
);
CREATE INDEX ix_api_tokens_created_at ON access.api_tokens (created_at, id);
CREATE INDEX ix_api_tokens_created_by ON access.api_tokens (created_by, created_at, id);
CREATE TABLE access.write_outcomes (
  operation_id uuid CONSTRAINT pk_write_outcomes PRIMARY KEY, fingerprint text NOT NULL,
  created_at timestamptz NOT NULL, body bytea, has_secret boolean NOT NULL DEFAULT false, sealed bytea
);
CREATE INDEX ix_write_outcomes_created_at ON access.write_outcomes (created_at);
GRANT USAGE ON SCHEMA access TO modplane_service;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA access TO modplane_service
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    for statement in STATEMENTS.strip().split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.execute("DROP SCHEMA access CASCADE")
