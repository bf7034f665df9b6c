"""The schema `access`: its tables, and its rare statements. `access.adapters.queries` has the frequent ones, as SQL."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    Text,
    any_,
    literal,
    select,
    text,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute, Mapped, mapped_column
from sqlalchemy.sql.selectable import ForUpdateArg

from access.adapters.queries import row_count
from access.domain import Account, ApiToken, Session
from shared.lists.text_search import AT_ONCE, SORT_KEY, WORDS, search_column, sort_column
from shared.ports import Transaction
from shared.postgres.orm import Row, orm_session
from shared.text.forms import search_text

NOW = text("now()")
SHARED = ForUpdateArg(read=True)

# Two that refresh with one token at once: the second waits for the first one's row, and finds another hash.
FIND_SESSION = """
SELECT s.token_hash, s.expires_at, s.revoked_at IS NOT NULL, s.rotated_at, s.sealed,
       u.id, u.role, u.organization_id, u.is_active, u.password_hash
FROM access.sessions s JOIN access.users u ON u.id = s.user_id WHERE s.id = $1
"""
ROTATE_SESSION = """
UPDATE access.sessions SET token_hash = $3, sealed = $4, rotated_at = $5
WHERE id = $1 AND token_hash = $2 AND revoked_at IS NULL RETURNING id
"""

Rows = TypeVar("Rows", bound=SQLAlchemyAsyncRepository[Any])


class UserRow(Row):
    __tablename__ = "users"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str | None]
    password_hash: Mapped[str]
    role: Mapped[str]
    organization_id: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    search_text = search_column()
    sort_key = sort_column()
    __table_args__ = (
        CheckConstraint("role IN ('super_admin', 'organization_admin', 'service')", name="role"),
        Index("ix_users_email", SORT_KEY, "id"),
        Index("ix_users_organization_id", "organization_id", SORT_KEY, "id"),
        Index("ix_users_super_admins", SORT_KEY, "id", postgresql_where=text("role = 'super_admin'")),
        Index("ix_users_inactive", SORT_KEY, "id", postgresql_where=text("NOT is_active")),
        Index("ix_users_words", text(WORDS), postgresql_using="gin", postgresql_with=AT_ONCE),
        {"schema": "access"},
    )


class PendingOwnerRow(Row):
    __tablename__ = "pending_owners"
    operation_id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str | None]
    password_hash: Mapped[str]
    expires_at: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    search_text = search_column()
    sort_key = sort_column()
    __table_args__ = ({"schema": "access"},)


class SigningKeyRow(Row):
    __tablename__ = "signing_keys"
    kid: Mapped[str] = mapped_column(primary_key=True)
    secret: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    retired_at: Mapped[datetime | None]
    __table_args__ = ({"schema": "access"},)


class SessionRow(Row):
    __tablename__ = "sessions"
    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("gen_random_uuid()"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("access.users.id", ondelete="CASCADE"))
    token_hash: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    rotated_at: Mapped[datetime | None]
    sealed: Mapped[bytes | None]
    __table_args__ = (
        Index("ix_sessions_user_id", "user_id"),
        Index("ix_sessions_expires_at", "expires_at"),
        {"schema": "access"},
    )


class ApiTokenRow(Row):
    __tablename__ = "api_tokens"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    role: Mapped[str]
    organization_id: Mapped[UUID | None]
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    search_text = search_column()
    __table_args__ = (
        CheckConstraint("role IN ('super_admin', 'service')", name="role"),
        Index("ix_api_tokens_created_at", "created_at", "id"),
        Index("ix_api_tokens_created_by", "created_by", "created_at", "id"),
        {"schema": "access"},
    )


class WriteOutcomeRow(Row):
    __tablename__ = "write_outcomes"
    operation_id: Mapped[UUID] = mapped_column(primary_key=True)
    fingerprint: Mapped[str]
    created_at: Mapped[datetime]
    body: Mapped[bytes | None]
    has_secret: Mapped[bool] = mapped_column(server_default=text("false"))
    sealed: Mapped[bytes | None]
    __table_args__ = (Index("ix_write_outcomes_created_at", "created_at"), {"schema": "access"})


class UserRows(SQLAlchemyAsyncRepository[UserRow]):
    model_type = UserRow


class SessionRows(SQLAlchemyAsyncRepository[SessionRow]):
    model_type = SessionRow


class ApiTokenRows(SQLAlchemyAsyncRepository[ApiTokenRow]):
    model_type = ApiTokenRow


@asynccontextmanager
async def rows(repository: type[Rows], transaction: Transaction) -> AsyncIterator[Rows]:
    """Yield the rows that the transaction sees. A row that is added is not read back: give it all its columns."""
    async with orm_session(transaction) as session:
        yield repository(session=session, auto_refresh=False, wrap_exceptions=False)


class PostgresUserDirectory:
    async def by_id(self, transaction: Transaction, user_id: UUID) -> Account | None:
        async with rows(UserRows, transaction) as users:
            row = await users.get_one_or_none(id=user_id, with_for_update=True)
            return None if row is None else msgspec.convert(row, Account, from_attributes=True)

    async def active_super_admins(self, transaction: Transaction) -> frozenset[UUID]:
        """Lock all, so that two cannot deactivate each other at once."""
        ids = select(UserRow.id).where(UserRow.role == "super_admin", UserRow.is_active)
        async with orm_session(transaction) as session:
            return frozenset(await session.scalars(ids.order_by(UserRow.id).with_for_update()))

    async def set_active(
        self, transaction: Transaction, user_id: UUID, now: datetime, *, is_active: bool
    ) -> Sequence[UUID]:
        async with orm_session(transaction) as session:
            await session.execute(update(UserRow).where(UserRow.id == user_id).values(is_active=is_active))
            of_user = update(SessionRow).where(SessionRow.user_id == user_id, SessionRow.revoked_at.is_(None))
            ended = of_user.values(revoked_at=now).returning(SessionRow.id)
            return [] if is_active else list(await session.scalars(ended))


class PostgresSessions:
    """Refreshing is SQL: every open browser does it every quarter of an hour."""

    async def open(
        self, transaction: Transaction, user_id: UUID, token_hash: bytes, now: datetime, expires_at: datetime
    ) -> UUID:
        async with rows(SessionRows, transaction) as sessions:
            row = SessionRow(user_id=user_id, token_hash=token_hash, created_at=now, expires_at=expires_at)
            return (await sessions.add(row)).id

    async def find(self, transaction: Transaction, session_id: UUID) -> Session | None:
        row = await transaction.fetchrow(FIND_SESSION, session_id)
        if row is None:
            return None
        token_hash, expires_at, is_revoked, rotated_at, sealed, *account = row
        return Session(session_id, Account(*account), token_hash, expires_at, is_revoked, rotated_at, sealed)

    async def rotate(
        self, transaction: Transaction, session: Session, token_hash: bytes, sealed: bytes, now: datetime
    ) -> bool:
        arguments = (session.id, session.token_hash, token_hash, sealed, now)
        return await transaction.fetchval(ROTATE_SESSION, *arguments) is not None

    async def revoke(self, transaction: Transaction, session_id: UUID, now: datetime) -> bool:
        async with rows(SessionRows, transaction) as sessions:
            valid = SessionRow.revoked_at.is_(None)
            row = await sessions.get_one_or_none(valid, id=session_id, with_for_update=True)
            if row is not None:
                row.revoked_at = now
                await sessions.session.flush()
            return row is not None

    async def discard_expired(self, transaction: Transaction, now: datetime) -> int:
        return row_count(await transaction.execute("DELETE FROM access.sessions WHERE expires_at <= $1", now))


class PostgresApiTokens:
    async def add(self, transaction: Transaction, token: ApiToken, token_hash: bytes) -> None:
        async with rows(ApiTokenRows, transaction) as tokens:
            values = msgspec.structs.asdict(token)
            await tokens.add(ApiTokenRow(**values, token_hash=token_hash, search_text=search_text(token.name)))

    async def find(self, transaction: Transaction, token_id: UUID) -> ApiToken | None:
        async with rows(ApiTokenRows, transaction) as tokens:
            row = await tokens.get_one_or_none(id=token_id)
            return None if row is None else token_of(row)

    async def revoke(self, transaction: Transaction, token_ids: Sequence[UUID], now: datetime) -> Sequence[ApiToken]:
        async with orm_session(transaction) as session:
            valid = update(ApiTokenRow).where(among(ApiTokenRow.id, token_ids), ApiTokenRow.revoked_at.is_(None))
            revoked = valid.values(revoked_at=now).returning(ApiTokenRow)
            return [token_of(row) for row in await session.scalars(revoked)]

    async def minted_by(self, transaction: Transaction, creators: Sequence[str]) -> Sequence[ApiToken]:
        """Lock in the order of ids."""
        minted = select(ApiTokenRow).where(among(ApiTokenRow.created_by, creators))
        async with orm_session(transaction) as session:
            locked = await session.scalars(minted.order_by(ApiTokenRow.id).with_for_update())
            return [token_of(row) for row in locked]

    async def may_mint(self, transaction: Transaction, creator: UUID) -> bool:
        """Lock the creator's row, so that its end waits for the token that is being made."""
        async with rows(UserRows, transaction) as users:
            user = await users.get_one_or_none(id=creator, with_for_update=SHARED)
        if user is not None:
            return user.is_active
        async with rows(ApiTokenRows, transaction) as tokens:
            token = await tokens.get_one_or_none(id=creator, with_for_update=SHARED)
        return token is None or token.revoked_at is None


def token_of(row: ApiTokenRow) -> ApiToken:
    return msgspec.convert(row, ApiToken, from_attributes=True)


def among(column: InstrumentedAttribute[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    """Bind one argument, however many values there are: an `IN` may have 32,767."""
    return column == any_(literal(list(values), ARRAY(column.type)))
