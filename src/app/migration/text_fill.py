"""Gives rows the text forms that lists read, where an older version wrote them without: without locks, page by page."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import asyncpg
import structlog
from msgspec import Struct

from access.adapters.queries import list_columns
from industries.facts import name_key
from shared.postgres.address import read_address
from shared.text.emails import normalized_email
from shared.text.forms import search_text, sort_key

log = structlog.get_logger(__name__)

PAGE = 1000

Forms = Callable[[Any], Mapping[str, str]]


class Listed(Struct, frozen=True):
    """A table with text forms: its key, what they are made of, and how. Rows without them have no `search_text`.

    `unique` is a form that two rows may turn out to have; the second of them keeps what it had.
    """

    table: str
    key: str
    columns: str
    forms: Forms
    key_type: str = "text"
    unique: str | None = None


def of_user(row: Any) -> Mapping[str, str]:
    """Addresses are kept in one spelling, too."""
    email = normalized_email(row["email"])
    searched, sorted_by = list_columns(email, row["name"])
    return {"search_text": searched, "sort_key": sorted_by, "email": email}


def of_industry(row: Any) -> Mapping[str, str]:
    """Names are compared by a form of theirs."""
    name = row["industry_name"]
    found = {"search_text": search_text(name, row["industry_code"]), "sort_key": sort_key(name)}
    return found | {"name_key": name_key(name)}


def of_module(row: Any) -> Mapping[str, str]:
    """By name and id."""
    name = row["module_name"]
    return {"search_text": search_text(name, row["module_id"]), "sort_key": sort_key(name)}


def of_organization(row: Any) -> Mapping[str, str]:
    """By name."""
    return {"search_text": search_text(row["name"]), "sort_key": sort_key(row["name"])}


def of_token(row: Any) -> Mapping[str, str]:
    """Listed by time."""
    return {"search_text": search_text(row["name"])}


LISTED = (
    Listed("organizations.organizations", "organization_id", "name", of_organization),
    Listed("registry.module_registry", "module_id", "module_name", of_module),
    Listed("industries.industry_templates", "industry_code", "industry_name", of_industry, unique="name_key"),
    Listed("access.users", "id", "email, name", of_user, "uuid", "email"),
    Listed("access.pending_owners", "operation_id", "email, name", of_user, "uuid", "email"),
    Listed("access.api_tokens", "id", "name", of_token, "uuid"),
)


async def fill_text_forms(url: str) -> None:
    """Idempotent, and harmless beside a running service: a row that was written meanwhile is left as it is."""
    connection = await read_address(url).connect()
    try:
        for listed in LISTED:
            await fill(connection, listed)
    finally:
        await connection.close()


async def fill(connection: "asyncpg.Connection[Any]", listed: Listed) -> None:
    """One table, in the order of its keys. Rows whose text has no word are looked at again the next time."""
    after: Any = None
    number = 0
    while rows := await connection.fetch(page_of(listed, after), *([] if after is None else [after]), PAGE):
        try:
            await store(connection, listed, rows)
        except asyncpg.UniqueViolationError:
            for row in rows:
                await store_alone(connection, listed, row)
        after, number = rows[-1][listed.key], number + len(rows)
    if number:
        log.info("text_forms_filled", table=listed.table, rows=number)


def page_of(listed: Listed, after: Any) -> str:
    """Rows without forms; those of other versions write none."""
    beyond, limit = ("", "$1") if after is None else (f" AND {listed.key} > $1", "$2")
    return (
        f"SELECT {listed.key}, {listed.columns} FROM {listed.table} WHERE search_text = ''{beyond} "
        f"ORDER BY {listed.key} LIMIT {limit}"
    )


async def store(connection: "asyncpg.Connection[Any]", listed: Listed, rows: Sequence[Any], leaving: str = "") -> None:
    """The forms of these rows, all of them or none; but for the form that is to be left as it is."""
    forms = [listed.forms(row) for row in rows]
    names = [name for name in forms[0] if name != leaving]
    values = ", ".join(f"{name} = n.{name}" for name in names)
    given = ", ".join(f"${place}::text[]" for place in range(2, len(names) + 2))
    await connection.execute(
        f"UPDATE {listed.table} AS t SET {values} "
        f"FROM unnest($1::{listed.key_type}[], {given}) AS n(key, {', '.join(names)}) "
        f"WHERE t.{listed.key} = n.key AND t.search_text = ''",
        [row[listed.key] for row in rows],
        *([one[name] for one in forms] for name in names),
    )


async def store_alone(connection: "asyncpg.Connection[Any]", listed: Listed, row: Any) -> None:
    """The forms of one row; without the unique one, where another row has it already."""
    try:
        await store(connection, listed, [row])
    except asyncpg.UniqueViolationError:
        log.warning("text_form_taken", table=listed.table, key=str(row[listed.key]), form=listed.unique)
        await store(connection, listed, [row], str(listed.unique))
