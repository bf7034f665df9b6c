"""What statements cost: the buffers they touch, found or read, whatever else the machine is doing."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from shared.ports import Transaction
from shared.postgres.database import READ_SECONDS, PostgresDatabase


class MeasuredTransaction:
    """Explains every query that fetches something before it runs it."""

    def __init__(self, transaction: Transaction, database: "MeasuredDatabase") -> None:
        self._transaction = transaction
        self._database = database

    async def _measure(self, query: str, args: Sequence[Any]) -> None:
        explained = await self._transaction.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {query}", *args)
        (told,) = json.loads(explained)
        self._database.plans.append(told["Plan"])

    async def fetch(self, query: str, *args: Any) -> Sequence[Any]:
        await self._measure(query, args)
        return await self._transaction.fetch(query, *args)

    async def fetchrow(self, query: str, *args: Any) -> Any:
        await self._measure(query, args)
        return await self._transaction.fetchrow(query, *args)

    async def fetchval(self, query: str, *args: Any) -> Any:
        await self._measure(query, args)
        return await self._transaction.fetchval(query, *args)

    async def execute(self, query: str, *args: Any) -> str:
        return await self._transaction.execute(query, *args)


class MeasuredDatabase:
    """A database whose reading is measured."""

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database
        self.plans: list[dict[str, Any]] = []

    @asynccontextmanager
    async def snapshot(self, seconds: float = READ_SECONDS) -> AsyncIterator[Transaction]:
        async with self._database.snapshot(seconds) as transaction:
            yield MeasuredTransaction(transaction, self)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Transaction]:
        async with self._database.writing() as transaction:
            yield transaction

    def buffers(self) -> int:
        """Touched since it was last asked."""
        kinds = ("Shared Hit Blocks", "Shared Read Blocks", "Temp Read Blocks", "Temp Written Blocks")
        touched = sum(plan[kind] for plan in self.plans for kind in kinds)
        self.plans.clear()
        return int(touched)
