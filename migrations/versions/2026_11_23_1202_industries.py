"""The industry templates and their published versions, which never change."""

from alembic import op

revision = "2026_11_23_1202"
down_revision = "2026_11_23_1201"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE industries.industry_templates (
  id uuid CONSTRAINT pk_industry_templates PRIMARY KEY,
  industry_code text NOT NULL CONSTRAINT uq_industry_templates_industry_code UNIQUE,
  industry_name text NOT NULL, name_key text NOT NULL, description text NOT NULL,
  is_active boolean NOT NULL, is_deleted boolean NOT NULL, version integer NOT NULL, sequence bigint NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX uq_industry_templates_name_key ON industries.industry_templates (name_key) WHERE NOT is_deleted;
CREATE TABLE industries.industry_template_versions (
  template_id uuid NOT NULL, version integer NOT NULL, published_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT pk_industry_template_versions PRIMARY KEY (template_id, version),
  CONSTRAINT fk_industry_template_versions_template_id
    FOREIGN KEY (template_id) REFERENCES industries.industry_templates (id)
);
CREATE TABLE industries.industry_module_templates (
  template_id uuid NOT NULL, version integer NOT NULL, module_id text NOT NULL, is_required boolean NOT NULL,
  default_config json NOT NULL, display_order integer NOT NULL,
  CONSTRAINT pk_industry_module_templates PRIMARY KEY (template_id, version, module_id),
  CONSTRAINT fk_industry_module_templates_template_id_version
    FOREIGN KEY (template_id, version) REFERENCES industries.industry_template_versions (template_id, version)
);
CREATE INDEX ix_industry_module_templates_module_id ON industries.industry_module_templates (module_id);
GRANT USAGE ON SCHEMA industries TO modplane_service;
GRANT SELECT, INSERT, UPDATE, DELETE ON industries.industry_templates TO modplane_service;
GRANT SELECT, INSERT ON industries.industry_template_versions, industries.industry_module_templates TO modplane_service
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.execute("CREATE SCHEMA industries")
    for statement in TABLES.strip().split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.execute("DROP SCHEMA industries CASCADE")
