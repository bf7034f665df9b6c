"""What is watched: an index of the undecided alone, and the trace an event of the relay's queue belongs to."""

from alembic import op

revision = "2026_11_23_1445"
down_revision = "2026_11_23_1400"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.execute("CREATE INDEX ix_operations_pending ON shared.operations (created_at) WHERE status = 'pending'")
    op.execute("ALTER TABLE shared.event_relay ADD COLUMN traceparent text")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.execute("ALTER TABLE shared.event_relay DROP COLUMN traceparent")
    op.execute("DROP INDEX shared.ix_operations_pending")
