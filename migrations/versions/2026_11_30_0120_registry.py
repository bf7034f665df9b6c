"""The module registry."""

from alembic import op

revision = "2026_11_30_0120"
down_revision = "2026_11_30_0110"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE SCHEMA registry;
CREATE TABLE registry.module_registry (
  module_id text CONSTRAINT pk_module_registry PRIMARY KEY, module_name text NOT NULL, description text NOT NULL,
  category text NOT NULL, service_name text NOT NULL, api_endpoint text NOT NULL, version text NOT NULL,
  metadata json NOT NULL, default_config json NOT NULL, config_schema json, is_active boolean NOT NULL,
  is_deleted boolean NOT NULL, sequence bigint NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now(), config_digest text,
  search_text text NOT NULL DEFAULT '', sort_key text COLLATE "C" NOT NULL DEFAULT ''
);
CREATE INDEX ix_module_registry_name ON registry.module_registry (sort_key, module_id) WHERE NOT is_deleted;
CREATE INDEX ix_module_registry_updated_at ON registry.module_registry (updated_at, module_id) WHERE NOT is_deleted;
CREATE INDEX ix_module_registry_words ON registry.module_registry
  USING gin (array_to_tsvector(string_to_array(search_text, ' '))) WITH (fastupdate = off);
GRANT USAGE ON SCHEMA registry TO modplane_service;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA registry TO modplane_service
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    for statement in STATEMENTS.strip().split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.execute("DROP SCHEMA registry CASCADE")
