"""What organizations ask of other contexts, and of the way in for commands."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, Protocol
from uuid import UUID

from msgspec import Struct

from industries.contract import IndustryFact
from shared.messages import CommandEnvelope, Outcome, PreviewedChange
from shared.ports import Transaction


class SignupSettings(Struct, frozen=True):
    """What the operator sets: whether everybody may sign up, or super admins alone may sign somebody up."""

    is_open: bool = True


class IndustryTemplates(Protocol):
    """What the industries' templates hold now, judged by the registry."""

    async def industries(self, transaction: Transaction, industry_codes: Sequence[str]) -> Mapping[str, IndustryFact]:
        """Give the templates by code. Codes that never existed are left out."""
        ...


class IndustryNames(Protocol):
    """How industries are called."""

    async def names(self, transaction: Transaction, industry_codes: Sequence[str]) -> Mapping[str, str]:
        """Give the present names by code, one query. Codes without a living template are left out."""
        ...


class Holders(Protocol):
    """Who has a module, or a template applied to it.

    `version` and `older_than` None: in whatever version; with both, in a version for which both hold.
    """

    async def with_module(self, transaction: Transaction, limit: int, *, module_id: str) -> Sequence[str]:
        """Give the ids of organizations that have the module, `limit` at most, in no order."""
        ...

    async def having_module(
        self, transaction: Transaction, organization_ids: Sequence[str], *, module_id: str
    ) -> frozenset[str]:
        """Give those of the organizations that have the module."""
        ...

    async def with_template(
        self,
        transaction: Transaction,
        limit: int,
        *,
        industry_code: str,
        version: int | None,
        older_than: int | None = None,
    ) -> Sequence[str]:
        """Give the ids of organizations that have the template, `limit` at most, in no order."""
        ...

    async def having_template(
        self,
        transaction: Transaction,
        organization_ids: Sequence[str],
        *,
        industry_code: str,
        version: int | None,
        older_than: int | None = None,
    ) -> frozenset[str]:
        """Give those of the organizations that have the template."""
        ...


class PendingOwners(Protocol):
    """The people who wait for their organization, each known by the operation id of the signup."""

    async def pending(self, transaction: Transaction, operation_ids: Sequence[UUID]) -> frozenset[UUID]:
        """Give those who exist and have not expired."""
        ...

    async def activate(self, transaction: Transaction, owners: Sequence[tuple[UUID, str]], now: datetime) -> None:
        """Make each (operation id, organization id) an account of its organization; the user id is the operation id."""
        ...

    async def discard(self, transaction: Transaction, operation_ids: Sequence[UUID]) -> None:
        """Forget those whose signup was refused: their e-mail addresses are free again."""
        ...


class SendCommand(Protocol):
    """Puts commands of any context on their way."""

    async def send(self, context: str, envelope: CommandEnvelope, command: Any) -> None:
        """Return when the command cannot get lost any more, decided or not. Raise `Unavailable` otherwise."""
        ...


class DecidedOperations(Protocol):
    """How operations ended."""

    async def decided(self, operation_ids: Sequence[UUID]) -> Mapping[UUID, Outcome]:
        """Give the outcomes by id, failed ones too; ids that are unknown or pending are left out."""
        ...


class SignupOwners(Protocol):
    """Keeps the future owner, with the e-mail address and the password, until the signup is decided."""

    async def hold(self, operation_id: UUID, email: str, name: str | None, password: str) -> None:
        """Reserve the e-mail for the operation; harmless to repeat. Raise what is wrong with the three, or taken."""
        ...

    async def check(self, operation_id: UUID, email: str, name: str | None, password: str) -> None:
        """Raise what `hold` would raise, and keep nothing."""
        ...

    async def release(self, operation_id: UUID) -> None:
        """Free the e-mail of an operation that came to nothing. Harmless to repeat."""
        ...


class ModulesOutcome(Struct, frozen=True):
    """What became of the industry's modules. `none`: no industry was asked for; `pending`: they follow by themselves.

    `reason` tells why they were refused.
    """

    status: Literal["applied", "pending", "refused", "none"]
    assigned: Sequence[str] = ()
    reason: str | None = None


class SignupModules(Protocol):
    """Gives a new organization the modules of its industry."""

    async def apply_template(
        self, organization_id: str, industry_code: str, version: int, cause: UUID, user_id: str
    ) -> ModulesOutcome:
        """Apply this version and wait a bounded time; `cause` is the operation that registered the organization.

        Repeated with the same cause it gives the first outcome. Raise `Unavailable` when nothing takes the command.
        """
        ...

    async def foresee(
        self, organization_id: str, industry_code: str, version: int, user_id: str
    ) -> tuple[ModulesOutcome, Sequence[PreviewedChange]]:
        """Tell what applying it would come to, were the organization registered with this industry."""
        ...


class OperationTokens(Protocol):
    """Tokens for those who are no users yet."""

    async def issue(self, operation_id: UUID) -> str:
        """Give a token that reads this one operation and nothing else."""
        ...
