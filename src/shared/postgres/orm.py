"""SQLAlchemy sessions on connections of the asyncpg pools, inside the transaction that is open on them.

SQLAlchemy opens no connection and no transaction of its own. So the pools' limits, the sessions' settings, role and
deadlines, and the rollback of the whole hold for its statements as for those sent by asyncpg in the same transaction.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from advanced_alchemy.base import CommonTableAttributes
from advanced_alchemy.types import DateTimeUTC
from sqlalchemy import Text, Uuid
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_connection, PGDialect_asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.pool import NullPool

from shared.ports import Transaction
from shared.postgres.database import metadata

_lent: ContextVar[Transaction] = ContextVar("lent")


class Row(CommonTableAttributes, DeclarativeBase):
    """A row of a table of the one metadata. Texts have no limit, and times are in UTC."""

    __abstract__ = True
    metadata = metadata
    type_annotation_map = {str: Text, UUID: Uuid, datetime: DateTimeUTC(timezone=True)}  # noqa: RUF012 - SQLAlchemy's


class LentDialect(PGDialect_asyncpg):
    """Takes the connection of the open transaction, and leaves it as it is: open, with its type codecs."""

    supports_statement_cache = True

    def connect(self, *_: Any, **__: Any) -> Any:
        connection: Any = AsyncAdapt_asyncpg_connection(self.loaded_dbapi, _lent.get())  # type: ignore[no-untyped-call]
        connection.isolation_level = connection._isolation_setting = "autocommit"  # noqa: SLF001 - begins nothing
        return connection

    def on_connect(self) -> None:
        return None

    def do_close(self, dbapi_connection: Any) -> None:
        return None

    do_terminate = do_close


registry.register("postgresql.lent", __name__, LentDialect.__name__)


@cache
def _engine() -> AsyncEngine:
    return create_async_engine("postgresql+lent://", poolclass=NullPool, hide_parameters=True)


@asynccontextmanager
async def orm_session(transaction: Transaction) -> AsyncIterator[AsyncSession]:
    """Yield a session whose statements are part of the transaction. Flush it: leaving commits and rolls back nothing.

    Raises the driver's errors, not SQLAlchemy's, so that `typed_outages` tells an outage from a defect.
    """
    token = _lent.set(transaction)
    try:
        async with (
            _engine().connect() as connection,
            AsyncSession(connection, autoflush=False, expire_on_commit=False) as session,
        ):
            yield session
    except DBAPIError as error:
        raise error.driver_exception from None
    finally:
        _lent.reset(token)
