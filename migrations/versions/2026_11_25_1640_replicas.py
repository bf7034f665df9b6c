"""What each replica last said of itself: a row that is renewed every few seconds."""

from alembic import op

revision = "2026_11_25_1640"
down_revision = "2026_11_25_1600"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.execute(
        "CREATE TABLE shared.replicas (name text CONSTRAINT pk_replicas PRIMARY KEY, role text NOT NULL, "
        "version text NOT NULL, started_at timestamptz NOT NULL, seen_at timestamptz NOT NULL, report json NOT NULL) "
        "WITH (fillfactor = 50)"
    )
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON shared.replicas TO modplane_service")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.execute("DROP TABLE shared.replicas")
