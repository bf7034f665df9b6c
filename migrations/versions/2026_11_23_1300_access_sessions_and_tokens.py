"""Sessions behind refresh cookies, and API tokens; of both, the hashes alone."""

from alembic import op

revision = "2026_11_23_1300"
down_revision = "2026_11_23_1205"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE TABLE access.sessions (
  id uuid CONSTRAINT pk_sessions PRIMARY KEY DEFAULT gen_random_uuid(), user_id uuid NOT NULL,
  token_hash bytea NOT NULL, created_at timestamptz NOT NULL DEFAULT now(), expires_at timestamptz NOT NULL,
  revoked_at timestamptz,
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
  revoked_at timestamptz
);
GRANT SELECT, INSERT, UPDATE, DELETE ON access.sessions, access.api_tokens TO modplane_service
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    for statement in STATEMENTS.strip().split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.execute("DROP TABLE access.api_tokens, access.sessions")
