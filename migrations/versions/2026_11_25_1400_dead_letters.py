"""What becomes of dead letters: whose they are, what they are about, who dealt with them and why."""

from alembic import op

revision = "2026_11_25_1400"
down_revision = "2026_11_24_1000"
branch_labels = None
depends_on = None

# The letters of the release before: only those of relay and failed commands are known to hold readable records.
UPGRADE = """
ALTER TABLE shared.dead_letters ADD COLUMN context text, ADD COLUMN subject_id uuid,
  ADD COLUMN retries integer NOT NULL DEFAULT 0, ADD COLUMN handled_at timestamptz, ADD COLUMN handled_by text,
  ADD COLUMN reason text;
UPDATE shared.dead_letters SET subject_id = (convert_from(body, 'UTF8')::json ->> 'event_id')::uuid
WHERE kind = 'relay';
UPDATE shared.dead_letters SET subject_id = (convert_from(body, 'UTF8')::json ->> 'operation_id')::uuid,
  context = source WHERE kind = 'command' AND source NOT LIKE '%/%';
UPDATE shared.dead_letters SET status = 'resolved' WHERE status NOT IN ('open', 'dropped');
ALTER TABLE shared.dead_letters
  ADD CONSTRAINT ck_dead_letters_kind CHECK (kind IN ('command', 'event', 'relay')),
  ADD CONSTRAINT ck_dead_letters_status CHECK (status IN ('open', 'retried', 'resolved', 'dropped'));
DROP INDEX shared.ix_dead_letters_open_key;
CREATE INDEX ix_dead_letters_unsettled_key ON shared.dead_letters (kind, key) WHERE status IN ('open', 'retried');
CREATE INDEX ix_dead_letters_unsettled_subject ON shared.dead_letters (subject_id)
WHERE kind = 'command' AND status IN ('open', 'retried');
CREATE INDEX ix_dead_letters_created_at ON shared.dead_letters (created_at, id);
CREATE INDEX ix_dead_letters_status ON shared.dead_letters (status, created_at, id)
"""

DOWNGRADE = """
DROP INDEX shared.ix_dead_letters_status, shared.ix_dead_letters_created_at,
  shared.ix_dead_letters_unsettled_subject, shared.ix_dead_letters_unsettled_key;
CREATE INDEX ix_dead_letters_open_key ON shared.dead_letters (kind, key) WHERE status = 'open';
ALTER TABLE shared.dead_letters DROP CONSTRAINT ck_dead_letters_status, DROP CONSTRAINT ck_dead_letters_kind,
  DROP COLUMN context, DROP COLUMN subject_id, DROP COLUMN retries, DROP COLUMN handled_at, DROP COLUMN handled_by,
  DROP COLUMN reason
"""


def upgrade() -> None:
    run(UPGRADE)


def downgrade() -> None:
    run(DOWNGRADE)


def run(statements: str) -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    for statement in statements.strip().split(";\n"):
        op.execute(statement)
