"""The table of organizations, and its part of the write path's transaction."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from msgspec.structs import asdict
from sqlalchemy import BigInteger, Column, DateTime, Index, Integer, Table, Text, Uuid, text

from organizations.commands import Command, RegisterOrganization, SetIndustry
from organizations.domain import Organization, OrganizationFacts
from organizations.ports import IndustryTemplates, PendingOwners
from shared.lists.text_search import AT_ONCE, SORT_KEY, WORDS, search_column, sort_column
from shared.messages import stream_name
from shared.ports import Change, Clock, Transaction
from shared.postgres.database import metadata
from shared.postgres.rows import Upsert
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

FIELDS = ("name", "industry_code", "industry_name", "template_version", "status", "owner_id")
SAVE = Upsert(organizations, ("organization_id", *FIELDS, "sequence", "search_text", "sort_key"))

STATES = """
SELECT organization_id, status, name, industry_code, industry_name, template_version, owner_id
FROM organizations.organizations WHERE organization_id = ANY($1::text[])
"""


class OrganizationTables:
    def __init__(self, industries: IndustryTemplates, owners: PendingOwners, clock: Clock) -> None:
        self._industries = industries
        self._owners = owners
        self._clock = clock

    async def lock_references(self, transaction: Transaction, commands: Sequence[Command]) -> None:
        """Lock nothing: an organization depends on no other stream's head."""

    async def facts(
        self, transaction: Transaction, work: Sequence[tuple[Organization, Command]], *, dry_run: bool = False
    ) -> OrganizationFacts:
        """Read templates and pending owners; lock the owners until commit. In a dry run all count as pending."""
        commands = [command for _, command in work]
        codes = sorted({code for command in commands if (code := industry_of(command)) is not None})
        owners = sorted(owners_of(commands))
        templates = await self._industries.industries(transaction, codes) if codes else {}
        if dry_run or not owners:
            return OrganizationFacts(templates, frozenset(owners))
        return OrganizationFacts(templates, await self._owners.pending(transaction, owners))

    async def save(self, transaction: Transaction, changes: Sequence[Change], refused: Sequence[Command]) -> None:
        """Write the changed organizations; activate their owners, and discard those of refused signups."""
        in_order = sorted(changes, key=lambda change: change.aggregate_id)
        await SAVE.write(transaction, [row_of(change) for change in in_order])
        if born := sorted(owner_and_organization(change) for change in changes if change.before.status == "absent"):
            await self._owners.activate(transaction, born, self._clock.now())
        if losers := sorted(owners_of(refused)):
            await self._owners.discard(transaction, losers)

    async def read_back(self, transaction: Transaction, aggregate_ids: Sequence[str]) -> Mapping[str, Organization]:
        rows = await transaction.fetch(STATES, aggregate_ids)
        return {id_: Organization(*fields) for id_, *fields in rows}

    def comparable(self, state: Organization) -> Organization:
        return state


def industry_of(command: Command) -> str | None:
    return command.industry_code if isinstance(command, RegisterOrganization | SetIndustry) else None


def depends_on(_: Organization, facts: OrganizationFacts, command: Command) -> Sequence[str]:
    code = industry_of(command)
    template = facts.templates.get(code or "")
    blocking = [stream_name("registry", module_id) for module_id in template.blocked_by] if template else []
    return [] if code is None else [stream_name("industries", code), *blocking]


def owners_of(commands: Sequence[Command]) -> set[UUID]:
    return {command.pending_owner_id for command in commands if isinstance(command, RegisterOrganization)}


def owner_and_organization(change: Change) -> tuple[UUID, str]:
    return change.after.owner_id, change.aggregate_id


def row_of(change: Change) -> dict[str, Any]:
    organization: Organization = change.after
    return asdict(organization) | {
        "organization_id": change.aggregate_id,
        "sequence": change.version,
        "search_text": search_text(organization.name),
        "sort_key": sort_key(organization.name),
    }
