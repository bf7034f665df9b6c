"""The organizations."""

from alembic import op

revision = "2026_11_30_0140"
down_revision = "2026_11_30_0130"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE SCHEMA organizations;
CREATE TABLE organizations.organizations (
  organization_id text COLLATE "C" CONSTRAINT pk_organizations PRIMARY KEY, name text NOT NULL,
  industry_code text, industry_name text, template_version integer, status text NOT NULL, owner_id uuid,
  sequence bigint NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now(),
  search_text text NOT NULL DEFAULT '', sort_key text COLLATE "C" NOT NULL DEFAULT ''
);
CREATE INDEX ix_organizations_name ON organizations.organizations (sort_key, organization_id);
CREATE INDEX ix_organizations_created_at ON organizations.organizations (created_at, organization_id);
CREATE INDEX ix_organizations_industry_name ON organizations.organizations (industry_code, sort_key, organization_id);
CREATE INDEX ix_organizations_industry_created_at
  ON organizations.organizations (industry_code, created_at, organization_id);
CREATE INDEX ix_organizations_suspended_name ON organizations.organizations (sort_key, organization_id)
  WHERE status = 'suspended';
CREATE INDEX ix_organizations_suspended_created_at
  ON organizations.organizations (created_at, organization_id) WHERE status = 'suspended';
CREATE INDEX ix_organizations_words ON organizations.organizations
  USING gin (array_to_tsvector(string_to_array(search_text, ' '))) WITH (fastupdate = off);
GRANT USAGE ON SCHEMA organizations TO modplane_service;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA organizations TO modplane_service
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    for statement in STATEMENTS.strip().split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.execute("DROP SCHEMA organizations CASCADE")
