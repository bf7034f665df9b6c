"""What rows are searched and sorted by, made by the service: where words end is no matter of the database's locale.

`modplane migrate` fills the rows that are there already, after this revision and without its locks.
"""

from alembic import op

revision = "2026_11_30_0200"
down_revision = "2026_11_30_0100"
branch_labels = None
depends_on = None

COLUMNS = (
    """ADD COLUMN search_text text NOT NULL DEFAULT '', ADD COLUMN sort_key text COLLATE "C" NOT NULL DEFAULT ''"""
)
WORDS = "USING gin (array_to_tsvector(string_to_array(search_text, ' '))) WITH (fastupdate = off)"

UP = f"""
SET LOCAL maintenance_work_mem = '256MB';
ALTER TABLE organizations.organizations {COLUMNS};
ALTER TABLE registry.module_registry {COLUMNS};
ALTER TABLE industries.industry_templates {COLUMNS};
ALTER TABLE access.users {COLUMNS};
ALTER TABLE access.pending_owners {COLUMNS};
ALTER TABLE access.api_tokens ADD COLUMN search_text text NOT NULL DEFAULT '';
DROP INDEX organizations.ix_organizations_name;
DROP INDEX organizations.ix_organizations_industry_name;
DROP INDEX organizations.ix_organizations_suspended_name;
DROP INDEX organizations.ix_organizations_words;
DROP INDEX registry.ix_module_registry_name;
DROP INDEX registry.ix_module_registry_words;
DROP INDEX industries.ix_industry_templates_name;
DROP INDEX industries.ix_industry_templates_words;
DROP INDEX access.ix_users_email;
DROP INDEX access.ix_users_organization_id;
DROP INDEX access.ix_users_super_admins;
DROP INDEX access.ix_users_inactive;
DROP INDEX access.ix_users_words;
CREATE INDEX ix_organizations_name ON organizations.organizations (sort_key, organization_id);
CREATE INDEX ix_organizations_industry_name ON organizations.organizations (industry_code, sort_key, organization_id);
CREATE INDEX ix_organizations_suspended_name ON organizations.organizations (sort_key, organization_id)
  WHERE status = 'suspended';
CREATE INDEX ix_organizations_words ON organizations.organizations {WORDS};
CREATE INDEX ix_module_registry_name ON registry.module_registry (sort_key, module_id) WHERE NOT is_deleted;
CREATE INDEX ix_module_registry_words ON registry.module_registry {WORDS};
CREATE INDEX ix_industry_templates_name ON industries.industry_templates (sort_key, industry_code)
  WHERE NOT is_deleted;
CREATE INDEX ix_industry_templates_words ON industries.industry_templates {WORDS};
CREATE INDEX ix_users_email ON access.users (sort_key, id);
CREATE INDEX ix_users_organization_id ON access.users (organization_id, sort_key, id);
CREATE INDEX ix_users_super_admins ON access.users (sort_key, id) WHERE role = 'super_admin';
CREATE INDEX ix_users_inactive ON access.users (sort_key, id) WHERE NOT is_active;
CREATE INDEX ix_users_words ON access.users {WORDS}
"""

# As they were: see the revisions of the long lists, the catalogue's and those of access.
OLD_WORDS = r"""
USING gin (to_tsvector('simple'::regconfig, translate(lower({}),
  '!"#$%&''()*+,-./:;<=>?@[\]^_`{{|}}~', repeat(' ', 32)))) WITH (fastupdate = off)
"""

DOWN = f"""
SET LOCAL maintenance_work_mem = '256MB';
ALTER TABLE organizations.organizations DROP COLUMN search_text, DROP COLUMN sort_key;
ALTER TABLE registry.module_registry DROP COLUMN search_text, DROP COLUMN sort_key;
ALTER TABLE industries.industry_templates DROP COLUMN search_text, DROP COLUMN sort_key;
ALTER TABLE access.users DROP COLUMN search_text, DROP COLUMN sort_key;
ALTER TABLE access.pending_owners DROP COLUMN search_text, DROP COLUMN sort_key;
ALTER TABLE access.api_tokens DROP COLUMN search_text;
CREATE INDEX ix_organizations_name ON organizations.organizations ((lower(name) COLLATE "C"), organization_id);
CREATE INDEX ix_organizations_industry_name
  ON organizations.organizations (industry_code, (lower(name) COLLATE "C"), organization_id);
CREATE INDEX ix_organizations_suspended_name
  ON organizations.organizations ((lower(name) COLLATE "C"), organization_id) WHERE status = 'suspended';
CREATE INDEX ix_organizations_words ON organizations.organizations {OLD_WORDS.format("name")};
CREATE INDEX ix_module_registry_name ON registry.module_registry ((lower(module_name) COLLATE "C"), module_id)
  WHERE NOT is_deleted;
CREATE INDEX ix_module_registry_words
  ON registry.module_registry {OLD_WORDS.format("module_name || ' ' || module_id")};
CREATE INDEX ix_industry_templates_name
  ON industries.industry_templates ((lower(industry_name) COLLATE "C"), industry_code) WHERE NOT is_deleted;
CREATE INDEX ix_industry_templates_words
  ON industries.industry_templates {OLD_WORDS.format("industry_name || ' ' || industry_code")};
CREATE INDEX ix_users_email ON access.users ((email COLLATE "C"), id);
CREATE INDEX ix_users_organization_id ON access.users (organization_id, (email COLLATE "C"), id);
CREATE INDEX ix_users_super_admins ON access.users ((email COLLATE "C"), id) WHERE role = 'super_admin';
CREATE INDEX ix_users_inactive ON access.users ((email COLLATE "C"), id) WHERE NOT is_active;
CREATE INDEX ix_users_words ON access.users {OLD_WORDS.format("email || ' ' || coalesce(name, '')")}
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
