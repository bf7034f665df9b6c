"""Indexes for the lists of users and API tokens."""

from alembic import op

revision = "2026_11_23_1515"
down_revision = "2026_11_23_1510"
branch_labels = None
depends_on = None

WORDS = r"""
to_tsvector('simple'::regconfig, translate(lower(email || ' ' || coalesce(name, '')),
  '!"#$%&''()*+,-./:;<=>?@[\]^_`{|}~', repeat(' ', 32)))
"""

UP = f"""
SET LOCAL maintenance_work_mem = '256MB';
DROP INDEX access.ix_users_organization_id;
CREATE INDEX ix_users_organization_id ON access.users (organization_id, (email COLLATE "C"), id);
CREATE INDEX ix_users_email ON access.users ((email COLLATE "C"), id);
CREATE INDEX ix_users_super_admins ON access.users ((email COLLATE "C"), id) WHERE role = 'super_admin';
CREATE INDEX ix_users_inactive ON access.users ((email COLLATE "C"), id) WHERE NOT is_active;
CREATE INDEX ix_users_words ON access.users USING gin ({WORDS}) WITH (fastupdate = off);
CREATE INDEX ix_api_tokens_created_at ON access.api_tokens (created_at, id)
"""

DOWN = """
DROP INDEX access.ix_api_tokens_created_at;
DROP INDEX access.ix_users_words;
DROP INDEX access.ix_users_inactive;
DROP INDEX access.ix_users_super_admins;
DROP INDEX access.ix_users_email;
DROP INDEX access.ix_users_organization_id;
CREATE INDEX ix_users_organization_id ON access.users (organization_id)
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
