"""Structs and rows: a struct read from the columns named as its fields, and rows written by one upsert."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from msgspec import Struct
from sqlalchemy import JSON, BigInteger, Boolean, DateTime, Integer, Table, Text, Uuid

from shared.ports import Transaction

Read = TypeVar("Read", bound=Struct)

# Columns with a collation are text too, because arrays take no collation. JSON is sent as text.
TYPES = {
    Text: "text",
    JSON: "text",
    Boolean: "boolean",
    Integer: "integer",
    BigInteger: "bigint",
    Uuid: "uuid",
    DateTime: "timestamptz",
}


def read_row(type_: type[Read], row: Any, **given: Any) -> Read:
    """Return the struct of a row's columns; fields that are `given` are taken as they are."""
    read = {name: row[name] for name in type_.__struct_fields__ if name not in given}
    return type_(**read, **given)


class Insert:
    """Adds rows by one statement, whatever their number. `fields` are the columns; documents are encoded."""

    def __init__(self, table: Table, fields: Sequence[str]) -> None:
        self._fields = fields
        columns = [table.c[name] for name in fields]
        self._documents = {column.name for column in columns if isinstance(column.type, JSON)}
        selected = [f"n.{name}::json" if name in self._documents else f"n.{name}" for name in fields]
        arrays = [f"${place}::{type_name(column.type)}[]" for place, column in enumerate(columns, 1)]
        self.statement = f"""
INSERT INTO {table.fullname} ({", ".join(fields)})
SELECT {", ".join(selected)} FROM unnest({", ".join(arrays)}) AS n({", ".join(fields)})
"""

    async def write(self, transaction: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write rows in this order, and so lock them in it. Nothing is done without any."""
        if rows:
            await transaction.execute(
                self.statement, *([self._value(name, row) for row in rows] for name in self._fields)
            )

    def _value(self, name: str, row: Mapping[str, Any]) -> Any:
        value = row[name]
        return msgspec.json.encode(value).decode() if name in self._documents and value is not None else value


class Upsert(Insert):
    """The same; a row whose first field, the key, is there already gets the new values, and `updated_at` is now."""

    def __init__(self, table: Table, fields: Sequence[str]) -> None:
        super().__init__(table, fields)
        key, *others = fields
        changed = [f"{name} = excluded.{name}" for name in others]
        self.statement += f"ON CONFLICT ({key}) DO UPDATE SET {', '.join(changed)}, updated_at = now()"


def type_name(type_: Any) -> str:
    return next(TYPES[each] for each in type(type_).__mro__ if each in TYPES)
