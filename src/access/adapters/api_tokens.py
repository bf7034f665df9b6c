"""API tokens in `access.api_tokens`: the table, its store, and the list a super admin sees."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from msgspec import Struct
from sqlalchemy import CheckConstraint, Column, DateTime, Index, LargeBinary, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY

from access.adapters.postgres import NOW
from access.domain import ApiToken, ApiTokenRole
from shared.lists.cursors import Cursors
from shared.lists.keyset import LongList, Place, Question, Turn, Where, looking_up
from shared.lists.text_search import search_column, words_begin
from shared.ports import Database, Transaction
from shared.postgres.database import metadata
from shared.text.forms import search_text

USE_NOTED_EVERY = timedelta(minutes=1)

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    Column("role", Text, nullable=False),
    Column("organization_id", Uuid),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Column("expires_at", DateTime(timezone=True)),
    Column("last_used_at", DateTime(timezone=True)),
    Column("revoked_at", DateTime(timezone=True)),
    search_column(),
    CheckConstraint("role IN ('super_admin', 'service')", name="role"),
    Index("ix_api_tokens_created_at", "created_at", "id"),
    Index("ix_api_tokens_created_by", "created_by", "created_at", "id"),
    schema="access",
)

COLUMNS = "id, name, role, organization_id, scopes, created_by, created_at, expires_at, last_used_at, revoked_at"

ADD = """
INSERT INTO access.api_tokens (id, name, token_hash, role, organization_id, scopes, created_by, created_at, expires_at,
  search_text)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""

REVOKE = f"""
UPDATE access.api_tokens SET revoked_at = $2 WHERE id = ANY($1::uuid[]) AND revoked_at IS NULL RETURNING {COLUMNS}
"""

MINTED_BY = f"""
SELECT {COLUMNS} FROM access.api_tokens WHERE created_by = ANY($1::text[]) ORDER BY id FOR UPDATE
"""

# Whoever ends a credential waits for the tokens that are being made with it, and finds them then.
IS_ACTIVE_USER = "SELECT is_active FROM access.users WHERE id = $1 FOR SHARE"
IS_LIVING_MINTER = "SELECT revoked_at IS NULL FROM access.api_tokens WHERE id = $1 FOR SHARE"

NOTE_USE = """
UPDATE access.api_tokens SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at <= $3)
"""

BY_ID = f"SELECT {COLUMNS} FROM access.api_tokens WHERE id = $1"
BY_HASH = f"SELECT {COLUMNS} FROM access.api_tokens WHERE token_hash = $1"

ApiTokenStatus = Literal["active", "expired", "revoked"]
Sort = Literal["-created_at", "created_at"]

STANDING = {
    "active": Where("revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())"),
    "expired": Where("revoked_at IS NULL AND expires_at <= now()"),
    "revoked": Where("revoked_at IS NOT NULL"),
}


class ApiTokenFilter(Struct, frozen=True):
    """Which tokens: all that are given hold. `q`: each of its words begins a word of the name."""

    q: str | None = None
    organization_id: UUID | None = None
    role: ApiTokenRole | None = None
    status: ApiTokenStatus | None = None
    created_by: str | None = None


class ApiTokenQuery(Struct, frozen=True):
    """A page of them."""

    limit: int
    cursor: str | None = None
    sort: Sort = "-created_at"
    wanted: ApiTokenFilter = ApiTokenFilter()


class ApiTokenPage(Struct, frozen=True):
    """API tokens by the time they were made. `next_cursor` is null on the last page, and there alone."""

    items: Sequence[ApiToken]
    next_cursor: str | None


class PostgresApiTokens:
    """The store of API tokens."""

    async def add(self, transaction: Transaction, token: ApiToken, token_hash: bytes) -> None:
        """One row."""
        wanted = (token.id, token.name, token_hash, token.role, token.organization_id, list(token.scopes))
        made = (token.created_by, token.created_at, token.expires_at)
        await transaction.execute(ADD, *wanted, *made, search_text(token.name))

    async def find(self, transaction: Transaction, token_id: UUID) -> ApiToken | None:
        """One index look-up."""
        row = await transaction.fetchrow(BY_ID, token_id)
        return ApiToken(*row) if row else None

    async def revoke(self, transaction: Transaction, token_ids: Sequence[UUID], now: datetime) -> Sequence[ApiToken]:
        """Without those that there was nothing left to revoke of."""
        return [ApiToken(*row) for row in await transaction.fetch(REVOKE, list(token_ids), now)]

    async def minted_by(self, transaction: Transaction, creators: Sequence[str]) -> Sequence[ApiToken]:
        """Locked in the order of their ids."""
        return [ApiToken(*row) for row in await transaction.fetch(MINTED_BY, list(creators))]

    async def may_mint(self, transaction: Transaction, creator: UUID) -> bool:
        """Two index look-ups at most."""
        stands = await transaction.fetchval(IS_ACTIVE_USER, creator)
        if stands is None:
            stands = await transaction.fetchval(IS_LIVING_MINTER, creator)
        return stands is None or bool(stands)


class PostgresApiTokenReader:
    """API tokens outside any use case: looked up at every sign of life, and listed."""

    def __init__(self, database: Database, cursors: Cursors) -> None:
        self._database = database
        self._cursors = cursors

    async def by_hash(self, token_hash: bytes) -> ApiToken | None:
        """Revoked and expired ones too."""
        async with self._database.snapshot() as transaction:
            row = await transaction.fetchrow(BY_HASH, token_hash)
        return ApiToken(*row) if row else None

    async def note_use(self, token: ApiToken, now: datetime) -> None:
        """Writes once a minute and token, however many processes note it."""
        before = now - USE_NOTED_EVERY
        if token.last_used_at is None or token.last_used_at <= before:
            async with self._database.writing() as transaction:
                await transaction.execute(NOTE_USE, token.id, now, before)

    async def page(self, wanted: ApiTokenQuery) -> ApiTokenPage:
        """Raises `BadCursor`."""
        cursors = await self._cursors.of("tokens", wanted.sort, wanted.wanted)
        after = cursors.place(wanted.cursor, Place)
        async with looking_up(self._database) as transaction:
            page = await LongList(transaction, question(wanted.wanted, wanted.sort)).page(after, wanted.limit)
        tokens = [ApiToken(*(row[name] for name in ApiToken.__struct_fields__)) for row in page.rows]
        return ApiTokenPage(tokens, cursors.following(page.end))


def question(wanted: ApiTokenFilter, sort: Sort) -> Question:
    """All in the order of their making; there are not many."""
    tests = [words_begin(wanted.q)] if wanted.q is not None else []
    looked_up = [] if wanted.created_by is None else [Where("created_by = {0}", (wanted.created_by,))]
    if wanted.organization_id is not None:
        tests.append(Where("organization_id = {0}", (wanted.organization_id,)))
    if wanted.role is not None:
        tests.append(Where("role = {0}", (wanted.role,)))
    if wanted.status is not None:
        tests.append(STANDING[wanted.status])
    return Question(
        table="access.api_tokens",
        columns=f"{COLUMNS}, search_text",
        key="created_at",
        id="id",
        descending=sort.startswith("-"),
        turns=[Turn(looked_up, tests)],
    )
