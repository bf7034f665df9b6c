"""Outcomes of keyed writes of access, and who made a token as an index."""

from alembic import op

revision = "2026_11_30_0100"
down_revision = "2026_11_25_1900"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE TABLE access.write_outcomes (
  operation_id uuid CONSTRAINT pk_write_outcomes PRIMARY KEY, fingerprint text NOT NULL,
  created_at timestamptz NOT NULL, body bytea, has_secret boolean NOT NULL DEFAULT false, sealed bytea
);
CREATE INDEX ix_write_outcomes_created_at ON access.write_outcomes (created_at);
CREATE INDEX ix_api_tokens_created_by ON access.api_tokens (created_by, created_at, id);
GRANT SELECT, INSERT, UPDATE, DELETE ON access.write_outcomes TO modplane_service
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    for statement in STATEMENTS.strip().split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.execute("DROP INDEX access.ix_api_tokens_created_by")
    op.execute("DROP TABLE access.write_outcomes")
