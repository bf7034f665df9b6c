"""What a session needs to answer a refresh that is repeated because its answer was lost."""

from alembic import op

revision = "2026_11_25_1900"
down_revision = "2026_11_25_1640"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.execute("ALTER TABLE access.sessions ADD COLUMN rotated_at timestamptz, ADD COLUMN sealed bytea")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.execute("ALTER TABLE access.sessions DROP COLUMN rotated_at, DROP COLUMN sealed")
