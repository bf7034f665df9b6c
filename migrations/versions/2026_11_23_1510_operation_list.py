"""Indexes for the list of operations."""

from alembic import op

revision = "2026_11_23_1510"
down_revision = "2026_11_23_1505"
branch_labels = None
depends_on = None

UP = """
SET LOCAL maintenance_work_mem = '256MB';
DROP INDEX shared.ix_operations_created_at;
CREATE INDEX ix_operations_created_at ON shared.operations (created_at, id);
CREATE INDEX ix_operations_organization_id ON shared.operations (organization_id, created_at, id)
  WHERE organization_id IS NOT NULL;
CREATE INDEX ix_operations_unsettled ON shared.operations (status, created_at, id)
  WHERE status IN ('pending', 'rejected', 'failed')
"""

DOWN = """
DROP INDEX shared.ix_operations_unsettled;
DROP INDEX shared.ix_operations_organization_id;
DROP INDEX shared.ix_operations_created_at;
CREATE INDEX ix_operations_created_at ON shared.operations (created_at)
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    for statement in UP.strip().split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    for statement in DOWN.strip().split(";\n"):
        op.execute(statement)
