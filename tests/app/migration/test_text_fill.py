"""Rows that an older version wrote get their text forms, beside a running service, and those alone."""

from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from app.migration.text_fill import LISTED, fill_text_forms
from shared.postgres.database import PostgresDatabase, metadata
from shared.text.forms import search_text, sort_key

INSERTS = (
    ("organizations.organizations (organization_id, name, status, sequence)", "'o1', 'Ärzte 9', 'active', 1"),
    ("organizations.organizations (organization_id, name, status, sequence)", "'o2', '!?', 'active', 1"),
    (
        ("registry.module_registry (module_id, module_name, description, category, service_name, api_endpoint, "
        "version, metadata, default_config, is_active, is_deleted, sequence)"),
        "'crm', 'O’Neil', '', 'c', 's', '/', '1', '{}', '{}', true, false, 1",
    ),
    *(
        (
            ("industries.industry_templates (id, industry_code, industry_name, name_key, description, is_active, "
            "is_deleted, version, sequence)"),
            f"gen_random_uuid(), '{code}', '{name}', '{name.casefold()}', '', true, false, 1, 1",
        )
        for code, name in (("one", "Retail"), ("two", "Retail "), ("three", "Big  Shop"))
    ),
    ("access.api_tokens (id, name, token_hash, role, scopes, created_by)",
     "gen_random_uuid(), 'Büro', 'x', 'service', '{read}', 'me'"),
)  # fmt: skip
USER = "INSERT INTO access.users (id, email, name, password_hash, role) VALUES ($1, $2, 'Ada', '', 'super_admin')"


@pytest.fixture
async def older(scratch_url: str) -> dict[str, UUID]:
    """Rows as they were, and the ids of users."""
    connection = await asyncpg.connect(scratch_url)
    for table, values in INSERTS:
        await connection.execute(f"INSERT INTO {table} VALUES ({values})")
    users = {email: uuid4() for email in ("a@xn--mnchen-3ya.example", "b@bücher.example", "b@xn--bcher-kva.example")}
    for email, id_ in users.items():
        await connection.execute(USER, id_, email)
    await connection.close()
    return users


async def rows(database: PostgresDatabase, query: str) -> list[tuple[Any, ...]]:
    async with database.snapshot() as transaction:
        return [tuple(row) for row in await transaction.fetch(query)]


async def test_every_list_finds_and_sorts_what_was_there_before(
    database: PostgresDatabase, older: dict[str, UUID], scratch_url: str
) -> None:
    for _ in range(2):
        await fill_text_forms(scratch_url)
        found = await rows(database, "SELECT name, search_text, sort_key FROM organizations.organizations ORDER BY 2")
        assert found == [(name, search_text(name), sort_key(name)) for name in ("!?", "Ärzte 9")]
        assert await rows(database, "SELECT search_text FROM registry.module_registry") == [("o neil crm",)]
        assert await rows(database, "SELECT search_text FROM access.api_tokens") == [("büro",)]
        keys = dict(await rows(database, "SELECT industry_code, name_key FROM industries.industry_templates"))
        assert sorted(keys.values()) == ["big shop", "retail", "retail "]
        emails = dict(await rows(database, "SELECT id, email FROM access.users"))
        assert emails[older["a@xn--mnchen-3ya.example"]] == "a@münchen.example"
        assert emails[older["b@xn--bcher-kva.example"]] == "b@xn--bcher-kva.example"
        assert await rows(database, "SELECT count(*) FROM access.users WHERE search_text = ''") == [(0,)]


def test_every_table_that_is_searched_is_filled() -> None:
    searched = {table.fullname for table in metadata.tables.values() if "search_text" in table.c}
    assert searched == {listed.table for listed in LISTED}
