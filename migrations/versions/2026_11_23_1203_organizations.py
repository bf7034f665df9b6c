"""The organizations."""

from alembic import op

revision = "2026_11_23_1203"
down_revision = "2026_11_23_1202"
branch_labels = None
depends_on = None

TABLE = """
CREATE TABLE organizations.organizations (
  organization_id text COLLATE "C" CONSTRAINT pk_organizations PRIMARY KEY, name text NOT NULL,
  industry_code text, industry_name text, template_version integer, status text NOT NULL, owner_id uuid,
  sequence bigint NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_organizations_name ON organizations.organizations ((lower(name) COLLATE "C"), organization_id);
CREATE INDEX ix_organizations_created_at ON organizations.organizations (created_at, organization_id);
CREATE INDEX ix_organizations_status ON organizations.organizations (status, organization_id);
CREATE INDEX ix_organizations_industry_code ON organizations.organizations (industry_code, organization_id);
GRANT USAGE ON SCHEMA organizations TO modplane_service;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA organizations TO modplane_service
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.execute("CREATE SCHEMA organizations")
    for statement in TABLE.strip().split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.execute("DROP SCHEMA organizations CASCADE")
