"""Indexes for lists of any length, and for searching them by words."""

from alembic import op

revision = "2026_11_23_1505"
down_revision = "2026_11_23_1500"
branch_labels = None
depends_on = None

WORDS = r"""
to_tsvector('simple'::regconfig, translate(lower({}),
  '!"#$%&''()*+,-./:;<=>?@[\]^_`{{|}}~', repeat(' ', 32)))
"""

UP = f"""
SET LOCAL maintenance_work_mem = '256MB';
DROP INDEX organizations.ix_organizations_status;
DROP INDEX organizations.ix_organizations_industry_code;
CREATE INDEX ix_organizations_industry_name
  ON organizations.organizations (industry_code, (lower(name) COLLATE "C"), organization_id);
CREATE INDEX ix_organizations_industry_created_at
  ON organizations.organizations (industry_code, created_at, organization_id);
CREATE INDEX ix_organizations_suspended_name
  ON organizations.organizations ((lower(name) COLLATE "C"), organization_id) WHERE status = 'suspended';
CREATE INDEX ix_organizations_suspended_created_at
  ON organizations.organizations (created_at, organization_id) WHERE status = 'suspended';
CREATE INDEX ix_organizations_words ON organizations.organizations
  USING gin ({WORDS.format("name")}) WITH (fastupdate = off)
"""

DOWN = """
DROP INDEX organizations.ix_organizations_words;
DROP INDEX organizations.ix_organizations_suspended_created_at;
DROP INDEX organizations.ix_organizations_suspended_name;
DROP INDEX organizations.ix_organizations_industry_created_at;
DROP INDEX organizations.ix_organizations_industry_name;
CREATE INDEX ix_organizations_industry_code ON organizations.organizations (industry_code, organization_id);
CREATE INDEX ix_organizations_status ON organizations.organizations (status, organization_id)
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    for statement in UP.strip().split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    for statement in DOWN.strip().split(";\n"):
        op.execute(statement)
