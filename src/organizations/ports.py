"""What organizations ask of other contexts, and of the way in for commands."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

from msgspec import Struct

from industries.contract import IndustryFact
from shared.messages import PreviewedChange
from shared.ports import Transaction


class SignupSettings(Struct, frozen=True):
    """The operator's settings. When signup is closed, only super admins may sign up an organization."""

    is_open: bool = True


class IndustryTemplates(Protocol):
    async def industries(self, transaction: Transaction, industry_codes: Sequence[str]) -> Mapping[str, IndustryFact]:
        """Return the templates by code, without codes that never existed."""
        ...


class IndustryNames(Protocol):
    async def names(self, transaction: Transaction, industry_codes: Sequence[str]) -> Mapping[str, str]:
        """Return the names of existing templates by code, in one query."""
        ...


class Assignees(Protocol):
    """Organizations that have a module or a template. `version` and `older_than` must both hold; None: any version."""

    async def with_module(self, transaction: Transaction, limit: int, *, module_id: str) -> Sequence[str]:
        """Return at most `limit` organization ids, in no order."""
        ...

    async def having_module(
        self, transaction: Transaction, organization_ids: Sequence[str], *, module_id: str
    ) -> frozenset[str]: ...

    async def with_template(
        self,
        transaction: Transaction,
        limit: int,
        *,
        industry_code: str,
        version: int | None,
        older_than: int | None = None,
    ) -> Sequence[str]:
        """Return at most `limit` organization ids, in no order."""
        ...

    async def having_template(
        self,
        transaction: Transaction,
        organization_ids: Sequence[str],
        *,
        industry_code: str,
        version: int | None,
        older_than: int | None = None,
    ) -> frozenset[str]: ...


class PendingOwners(Protocol):
    """Owners that wait for their organization, by the signup's operation id."""

    async def pending(self, transaction: Transaction, operation_ids: Sequence[UUID]) -> frozenset[UUID]:
        """Return those that exist and have not expired."""
        ...

    async def activate(self, transaction: Transaction, owners: Sequence[tuple[UUID, str]], now: datetime) -> None:
        """Make each (operation id, organization id) an account of its organization; the user id is the operation id."""
        ...

    async def discard(self, transaction: Transaction, operation_ids: Sequence[UUID]) -> None:
        """Remove them: their e-mail addresses are free again."""
        ...


class SignupOwners(Protocol):
    """Reserves the future owner's account until the signup is decided."""

    async def hold(self, operation_id: UUID, email: str, name: str | None, password: str) -> None:
        """Reserve the e-mail for the operation; idempotent. Raise what is wrong with the owner's fields."""
        ...

    async def check(self, operation_id: UUID, email: str, name: str | None, password: str) -> None:
        """Raise what `hold` would raise, and keep nothing."""
        ...

    async def release(self, operation_id: UUID) -> None:
        """Free the e-mail of an operation that failed. Idempotent."""
        ...


class ModulesOutcome(Struct, frozen=True):
    """The outcome for the industry's modules. `none`: no industry was given; `pending`: they follow."""

    status: Literal["applied", "pending", "refused", "none"]
    assigned: Sequence[str] = ()
    reason: str | None = None


class SignupModules(Protocol):
    async def apply_template(
        self, organization_id: str, industry_code: str, version: int, cause: UUID, user_id: str
    ) -> ModulesOutcome:
        """Apply this version within a bounded time, once per `cause`. Raise `Unavailable` if it cannot be sent."""
        ...

    async def dry_run(
        self, organization_id: str, industry_code: str, version: int, user_id: str
    ) -> tuple[ModulesOutcome, Sequence[PreviewedChange]]: ...


class OperationTokens(Protocol):
    async def issue(self, operation_id: UUID) -> str:
        """Return a token that reads this one operation and nothing else."""
        ...
