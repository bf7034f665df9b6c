"""The industry templates and their published versions, which never change."""

from alembic import op

revision = "2026_11_30_0130"
down_revision = "2026_11_30_0120"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE SCHEMA industries;
CREATE TABLE industries.industry_templates (
  id uuid CONSTRAINT pk_industry_templates PRIMARY KEY,
  industry_code text NOT NULL CONSTRAINT uq_industry_templates_industry_code UNIQUE,
  industry_name text NOT NULL, name_key text NOT NULL, description text NOT NULL,
  is_active boolean NOT NULL, is_deleted boolean NOT NULL, version integer NOT NULL, sequence bigint NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now(),
  search_text text NOT NULL DEFAULT '', sort_key text COLLATE "C" NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX uq_industry_templates_name_key ON industries.industry_templates (name_key) WHERE NOT is_deleted;
CREATE INDEX ix_industry_templates_name ON industries.industry_templates (sort_key, industry_code)
  WHERE NOT is_deleted;
CREATE INDEX ix_industry_templates_updated_at ON industries.industry_templates (updated_at, industry_code)
  WHERE NOT is_deleted;
CREATE INDEX ix_industry_templates_words ON industries.industry_templates
  USING gin (array_to_tsvector(string_to_array(search_text, ' '))) WITH (fastupdate = off);
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
    for statement in STATEMENTS.strip().split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.execute("DROP SCHEMA industries CASCADE")
