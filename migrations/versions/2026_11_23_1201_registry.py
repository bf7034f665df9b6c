"""The module registry."""

from alembic import op

revision = "2026_11_23_1201"
down_revision = "2026_11_23_1200"
branch_labels = None
depends_on = None

TABLE = """
CREATE TABLE registry.module_registry (
  module_id text CONSTRAINT pk_module_registry PRIMARY KEY, module_name text NOT NULL, description text NOT NULL,
  category text NOT NULL, service_name text NOT NULL, api_endpoint text NOT NULL, version text NOT NULL,
  metadata json NOT NULL, default_config json NOT NULL, config_schema json, is_active boolean NOT NULL,
  is_deleted boolean NOT NULL, sequence bigint NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now()
);
GRANT USAGE ON SCHEMA registry TO modplane_service;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA registry TO modplane_service
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.execute("CREATE SCHEMA registry")
    for statement in TABLE.strip().split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.execute("DROP SCHEMA registry CASCADE")
