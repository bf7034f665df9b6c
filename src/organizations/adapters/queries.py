"""Reads of organizations: for the API, and for other contexts, whose ports the seams bind to them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from organizations.contract import OrganizationFact, OrganizationLabel, OrganizationStatus
from organizations.ports import IndustryNames
from shared.ports import Database, Transaction
from shared.postgres.database import PostgresDatabase
from shared.postgres.rows import read_row

COLUMNS = """
organization_id, name, industry_code, industry_name, template_version, status, owner_id, sequence, created_at,
updated_at
"""

ONE = f"SELECT {COLUMNS} FROM organizations.organizations WHERE organization_id = $1"

LOCK = """
SELECT FROM shared.streams WHERE context = 'organizations' AND id = ANY($1::text[]) ORDER BY id FOR SHARE
"""

FACTS = """
SELECT organization_id, status, industry_code FROM organizations.organizations WHERE organization_id = ANY($1::text[])
"""

LABELS = """
SELECT organization_id, name, status FROM organizations.organizations WHERE organization_id = ANY($1::text[])
"""

IS_SUSPENDED = "SELECT status = 'suspended' FROM organizations.organizations WHERE organization_id = $1"


class OrganizationInfo(Struct, frozen=True):
    """An organization as its people see it. `industry_name` is the present one, `sequence` the stream's."""

    organization_id: str
    name: str
    industry_code: str | None
    industry_name: str | None
    status: OrganizationStatus
    sequence: int
    created_at: datetime
    updated_at: datetime


class OrganizationDetails(OrganizationInfo, frozen=True):
    """With what only super admins see: the template version pinned at signup, and the first owner."""

    template_version: int | None
    owner_id: UUID | None


class PostgresOrganizationReader:
    def __init__(self, database: Database, industries: IndustryNames) -> None:
        self._database = database
        self._industries = industries

    async def organization(self, organization_id: str) -> OrganizationDetails | None:
        async with self._database.snapshot() as transaction:
            rows = await transaction.fetch(ONE, organization_id)
            read = await details(transaction, self._industries, rows)
        return read[0] if read else None


async def details(
    transaction: Transaction, industries: IndustryNames, rows: Sequence[Any]
) -> Sequence[OrganizationDetails]:
    """Convert rows of `COLUMNS`. An industry that no longer exists keeps the name it had."""
    codes = sorted({row["industry_code"] for row in rows} - {None})
    names = await industries.names(transaction, codes) if codes else {}
    return [
        read_row(OrganizationDetails, row, industry_name=names.get(row["industry_code"], row["industry_name"]))
        for row in rows
    ]


def info(organization: OrganizationDetails) -> OrganizationInfo:
    return OrganizationInfo(**{name: getattr(organization, name) for name in OrganizationInfo.__struct_fields__})


class PostgresOrganizationDirectory:
    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database

    async def lock(self, transaction: Transaction, organization_ids: Sequence[str]) -> None:
        """Lock the heads FOR SHARE, sorted: none is suspended or renamed meanwhile. Read them by a later query."""
        await transaction.execute(LOCK, organization_ids)

    async def organizations(
        self, transaction: Transaction, organization_ids: Sequence[str]
    ) -> Mapping[str, OrganizationFact]:
        rows = await transaction.fetch(FACTS, organization_ids)
        return {row["organization_id"]: read_row(OrganizationFact, row) for row in rows}

    async def labels(
        self, transaction: Transaction, organization_ids: Collection[str]
    ) -> Mapping[str, OrganizationLabel]:
        rows = await transaction.fetch(LABELS, list(organization_ids))
        return {row["organization_id"]: read_row(OrganizationLabel, row) for row in rows}

    async def is_suspended(self, organization_id: UUID) -> bool:
        """Return False for an unknown one, too."""
        async with self._database.reading() as connection:
            return bool(await connection.fetchval(IS_SUSPENDED, str(organization_id)))
