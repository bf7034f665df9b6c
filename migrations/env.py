"""Runs the revisions on the connection the caller hands over, all of them in one transaction."""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=context.config.attributes.get("target_metadata"),
    include_schemas=True,
    version_table="schema_version",
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
