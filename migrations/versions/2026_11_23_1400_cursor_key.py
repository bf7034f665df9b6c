"""The key that seals the cursors of lists."""

from alembic import op

revision = "2026_11_23_1400"
down_revision = "2026_11_23_1300"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE TABLE shared.cursor_key (id integer CONSTRAINT pk_cursor_key PRIMARY KEY, key bytea NOT NULL);
GRANT SELECT, INSERT ON shared.cursor_key TO modplane_service
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    for statement in STATEMENTS.strip().split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.execute("DROP TABLE shared.cursor_key")
