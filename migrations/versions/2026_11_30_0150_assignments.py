"""Assignments, the templates applied to organizations, and the daily adoption of modules."""

from alembic import op

revision = "2026_11_30_0150"
down_revision = "2026_11_30_0140"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE SCHEMA assignments;
CREATE TABLE assignments.assignments (
  organization_id text COLLATE "C" NOT NULL, module_id text COLLATE "C" NOT NULL,
  config json NOT NULL, sources jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT pk_assignments PRIMARY KEY (organization_id, module_id)
) WITH (fillfactor = 90);
CREATE INDEX ix_assignments_module_id ON assignments.assignments (module_id, organization_id);
CREATE TABLE assignments.applied_templates (
  organization_id text COLLATE "C" NOT NULL, industry_code text COLLATE "C" NOT NULL, version integer NOT NULL,
  place integer NOT NULL, CONSTRAINT pk_applied_templates PRIMARY KEY (organization_id, industry_code)
);
CREATE INDEX ix_applied_templates_industry_code
  ON assignments.applied_templates (industry_code, version, organization_id);
CREATE TABLE assignments.module_adoption (
  module_id text COLLATE "C" NOT NULL, day date NOT NULL, assigned bigint NOT NULL, unassigned bigint NOT NULL,
  CONSTRAINT pk_module_adoption PRIMARY KEY (module_id, day)
) WITH (fillfactor = 70);
GRANT USAGE ON SCHEMA assignments TO modplane_service;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA assignments TO modplane_service
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    for statement in STATEMENTS.strip().split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.execute("DROP SCHEMA assignments CASCADE")
