"""Bulk operations: one command for many organizations, and its outcome for each."""

from alembic import op

revision = "2026_11_30_0200"
down_revision = "2026_11_30_0160"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE SCHEMA bulk;
GRANT USAGE ON SCHEMA bulk TO modplane_service;
CREATE TABLE bulk.bulk_operations (
  id uuid CONSTRAINT pk_bulk_operations PRIMARY KEY, command json NOT NULL, selection json NOT NULL,
  created_by text NOT NULL, created_at timestamptz NOT NULL, reason text, fingerprint text NOT NULL,
  status text NOT NULL CONSTRAINT ck_bulk_operations_status
    CHECK (status IN ('selecting', 'running', 'cancelling', 'finished', 'cancelled')),
  cursor text, finished_at timestamptz, holder text, held_until timestamptz
);
CREATE INDEX ix_bulk_operations_created_at ON bulk.bulk_operations (created_at, id);
CREATE INDEX ix_bulk_operations_unfinished ON bulk.bulk_operations (created_at)
  WHERE status IN ('selecting', 'running', 'cancelling');
CREATE TABLE bulk.bulk_items (
  bulk_id uuid NOT NULL CONSTRAINT fk_bulk_items_bulk_id REFERENCES bulk.bulk_operations (id) ON DELETE CASCADE,
  organization_id text COLLATE "C" NOT NULL, attempt integer NOT NULL DEFAULT 1, outcome text, code text, detail text,
  CONSTRAINT pk_bulk_items PRIMARY KEY (bulk_id, organization_id)
) WITH (fillfactor = 85);
CREATE INDEX ix_bulk_items_outcome ON bulk.bulk_items (bulk_id, outcome, organization_id);
CREATE INDEX ix_bulk_items_waiting ON bulk.bulk_items (bulk_id, organization_id) WHERE outcome IS NULL;
GRANT SELECT, INSERT, UPDATE, DELETE ON bulk.bulk_operations, bulk.bulk_items TO modplane_service
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    for statement in STATEMENTS.strip().split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.execute("DROP SCHEMA bulk CASCADE")
