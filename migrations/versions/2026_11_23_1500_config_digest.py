"""A digest by which a module's default config and config schema are known without being read."""

from alembic import op

revision = "2026_11_23_1500"
down_revision = "2026_11_23_1445"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.execute("ALTER TABLE registry.module_registry ADD COLUMN config_digest text")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.execute("ALTER TABLE registry.module_registry DROP COLUMN config_digest")
