"""The organizations' rows: the table, its part of the write path's transaction, what others may know of them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct
from sqlalchemy import BigInteger, Column, DateTime, Index, Integer, Table, Text, Uuid, text

from organizations.commands import Command, RegisterOrganization, SetIndustry
from organizations.domain import Organization, OrganizationFacts
from organizations.ports import IndustryTemplates, PendingOwners
from shared.lists.text_search import AT_ONCE, SORT_KEY, WORDS, search_column, sort_column
from shared.messages import stream_name
from shared.ports import Change, Clock, Transaction
from shared.postgres.database import PostgresDatabase, metadata
from shared.text.forms import search_text, sort_key

SUSPENDED = text("status = 'suspended'")

organizations = Table(
    "organizations",
    metadata,
    Column("organization_id", Text(collation="C"), primary_key=True),
    Column("name", Text, nullable=False),
    Column("industry_code", Text),
    Column("industry_name", Text),
    Column("template_version", Integer),
    Column("status", Text, nullable=False),
    Column("owner_id", Uuid),
    Column("sequence", BigInteger, nullable=False),
    search_column(),
    sort_column(),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    Index("ix_organizations_name", SORT_KEY, "organization_id"),
    Index("ix_organizations_created_at", "created_at", "organization_id"),
    Index("ix_organizations_industry_name", "industry_code", SORT_KEY, "organization_id"),
    Index("ix_organizations_industry_created_at", "industry_code", "created_at", "organization_id"),
    Index("ix_organizations_suspended_name", SORT_KEY, "organization_id", postgresql_where=SUSPENDED),
    Index("ix_organizations_suspended_created_at", "created_at", "organization_id", postgresql_where=SUSPENDED),
    Index("ix_organizations_words", text(WORDS), postgresql_using="gin", postgresql_with=AT_ONCE),
    schema="organizations",
)

SAVE = """
INSERT INTO organizations.organizations (organization_id, name, industry_code, industry_name, template_version, status,
  owner_id, sequence, search_text, sort_key)
SELECT n.organization_id, n.name, n.industry_code, n.industry_name, n.template_version, n.status, n.owner_id,
  n.sequence, n.search_text, n.sort_key
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::integer[], $6::text[], $7::uuid[], $8::bigint[],
            $9::text[], $10::text[])
  AS n(organization_id, name, industry_code, industry_name, template_version, status, owner_id, sequence, search_text,
       sort_key)
ON CONFLICT (organization_id) DO UPDATE SET name = excluded.name, industry_code = excluded.industry_code,
  industry_name = excluded.industry_name, template_version = excluded.template_version, status = excluded.status,
  owner_id = excluded.owner_id, sequence = excluded.sequence, search_text = excluded.search_text,
  sort_key = excluded.sort_key, updated_at = now()
"""

STATES = """
SELECT organization_id, status, name, industry_code, industry_name, template_version, owner_id
FROM organizations.organizations WHERE organization_id = ANY($1::text[])
"""

LOCK = """
SELECT FROM shared.streams WHERE context = 'organizations' AND id = ANY($1::text[]) ORDER BY id FOR SHARE
"""

STANDINGS = """
SELECT organization_id, status, industry_code FROM organizations.organizations WHERE organization_id = ANY($1::text[])
"""

LABELS = """
SELECT organization_id, name, status FROM organizations.organizations WHERE organization_id = ANY($1::text[])
"""

IS_SUSPENDED = "SELECT status = 'suspended' FROM organizations.organizations WHERE organization_id = $1"

OrganizationStatus = Literal["active", "suspended"]


class OrganizationStanding(Struct, frozen=True):
    """What decides about changes to an organization."""

    status: OrganizationStatus
    industry_code: str | None


class OrganizationLabel(Struct, frozen=True):
    """How an organization is shown in a list of another context."""

    name: str
    status: OrganizationStatus


class OrganizationTables:
    """The organizations' part of the write path's transaction."""

    def __init__(self, industries: IndustryTemplates, owners: PendingOwners, clock: Clock) -> None:
        self._industries = industries
        self._owners = owners
        self._clock = clock

    async def lock_references(self, transaction: Transaction, commands: Sequence[Command]) -> None:
        """No foreign head matters to an organization."""

    async def facts(
        self, transaction: Transaction, work: Sequence[tuple[Organization, Command]], *, dry_run: bool = False
    ) -> OrganizationFacts:
        """The templates that are named, and which of the owners still wait; the latter locked until commit.

        Nobody holds an owner for a dry run: all count as waiting.
        """
        commands = [command for _, command in work]
        codes = sorted({code for command in commands if (code := industry_named(command)) is not None})
        owners = sorted(owners_of(commands))
        templates = await self._industries.templates(transaction, codes) if codes else {}
        if dry_run or not owners:
            return OrganizationFacts(templates, frozenset(owners))
        return OrganizationFacts(templates, await self._owners.pending(transaction, owners))

    async def save(self, transaction: Transaction, changes: Sequence[Change], refused: Sequence[Command]) -> None:
        """Upserts the changed organizations; owners get their account with the organization, or are let go."""
        if changes:
            rows = sorted(map(columns, changes))
            await transaction.execute(SAVE, *zip(*rows, strict=True))
        if born := sorted(birth(change) for change in changes if change.before.status == "absent"):
            await self._owners.activate(transaction, born, self._clock.now())
        if losers := sorted(owners_of(refused)):
            await self._owners.discard(transaction, losers)

    async def read_back(self, transaction: Transaction, aggregate_ids: Sequence[str]) -> Mapping[str, Organization]:
        """The states as the rows tell them, by id."""
        rows = await transaction.fetch(STATES, aggregate_ids)
        return {id_: Organization(*fields) for id_, *fields in rows}

    def comparable(self, state: Organization) -> Organization:
        """The rows tell all of it."""
        return state


def industry_named(command: Command) -> str | None:
    """The industry the command asks for."""
    return command.industry_code if isinstance(command, RegisterOrganization | SetIndustry) else None


def depends_on(_: Organization, facts: OrganizationFacts, command: Command) -> Sequence[str]:
    """The industry's stream, and those of modules that block it."""
    code = industry_named(command)
    template = facts.templates.get(code or "")
    blocking = [stream_name("registry", module_id) for module_id in template.blocked_by] if template else []
    return [] if code is None else [stream_name("industries", code), *blocking]


def owners_of(commands: Sequence[Command]) -> set[UUID]:
    """Who waits for these commands."""
    return {command.pending_owner_id for command in commands if isinstance(command, RegisterOrganization)}


def birth(change: Change) -> tuple[UUID, str]:
    """The owner and the new organization."""
    return change.after.owner_id, change.aggregate_id


def columns(change: Change) -> tuple[Any, ...]:
    """A changed organization's row."""
    organization: Organization = change.after
    return (
        change.aggregate_id,
        organization.name,
        organization.industry_code,
        organization.industry_name,
        organization.template_version,
        organization.status,
        organization.owner_id,
        change.version,
        search_text(organization.name),
        sort_key(organization.name),
    )


class PostgresOrganizationDirectory:
    """What other contexts may know of organizations. Bound to their ports in the seams."""

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database

    async def lock(self, transaction: Transaction, organization_ids: Sequence[str]) -> None:
        """Locks the heads FOR SHARE, sorted: nobody is suspended or renamed meanwhile. Read them by a later query."""
        await transaction.execute(LOCK, organization_ids)

    async def organizations(
        self, transaction: Transaction, organization_ids: Sequence[str]
    ) -> Mapping[str, OrganizationStanding]:
        """By id; unknown ones are left out."""
        rows = await transaction.fetch(STANDINGS, organization_ids)
        return {id_: OrganizationStanding(status, industry_code) for id_, status, industry_code in rows}

    async def labels(
        self, transaction: Transaction, organization_ids: Collection[str]
    ) -> Mapping[str, OrganizationLabel]:
        """By id; unknown ones are left out."""
        rows = await transaction.fetch(LABELS, list(organization_ids))
        return {id_: OrganizationLabel(name, status) for id_, name, status in rows}

    async def is_suspended(self, organization_id: UUID) -> bool:
        """False for an unknown one, too."""
        async with self._database.reading() as connection:
            return bool(await connection.fetchval(IS_SUSPENDED, str(organization_id)))
