"""Indexes for the lists of modules and templates."""

from alembic import op

revision = "2026_11_25_1600"
down_revision = "2026_11_25_1500"
branch_labels = None
depends_on = None

WORDS = r"""
to_tsvector('simple'::regconfig, translate(lower({}),
  '!"#$%&''()*+,-./:;<=>?@[\]^_`{{|}}~', repeat(' ', 32)))
"""

UP = f"""
CREATE INDEX ix_module_registry_name ON registry.module_registry ((lower(module_name) COLLATE "C"), module_id)
  WHERE NOT is_deleted;
CREATE INDEX ix_module_registry_updated_at ON registry.module_registry (updated_at, module_id) WHERE NOT is_deleted;
CREATE INDEX ix_module_registry_words ON registry.module_registry
  USING gin ({WORDS.format("module_name || ' ' || module_id")}) WITH (fastupdate = off);
CREATE INDEX ix_industry_templates_name
  ON industries.industry_templates ((lower(industry_name) COLLATE "C"), industry_code) WHERE NOT is_deleted;
CREATE INDEX ix_industry_templates_updated_at ON industries.industry_templates (updated_at, industry_code)
  WHERE NOT is_deleted;
CREATE INDEX ix_industry_templates_words ON industries.industry_templates
  USING gin ({WORDS.format("industry_name || ' ' || industry_code")}) WITH (fastupdate = off)
"""

DOWN = """
DROP INDEX industries.ix_industry_templates_words;
DROP INDEX industries.ix_industry_templates_updated_at;
DROP INDEX industries.ix_industry_templates_name;
DROP INDEX registry.ix_module_registry_words;
DROP INDEX registry.ix_module_registry_updated_at;
DROP INDEX registry.ix_module_registry_name
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
