"""Bulk operations: their commands, selection and status, and the summary of a dry run. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID, uuid5

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from shared.errors import Conflict, FieldError, Invalid, NotFound, Refusal, TooLarge
from shared.slugs import Slug
from shared.text.forms import MAX_SEARCH, SEARCH, VISIBLE

SAMPLES = 5
MAX_ORGANIZATIONS = 10_000
MAX_COMMAND_BYTES = 100_000

ModuleId = Slug
IndustryCode = Slug

Status = Literal["selecting", "running", "cancelling", "finished", "cancelled"]
"""`selecting` finds the organizations, `running` sends their commands, `cancelling` waits for those sent already."""

ItemOutcome = Literal["applied", "unchanged", "rejected", "failed", "cancelled"]
OUTCOMES: Sequence[ItemOutcome] = ("applied", "unchanged", "rejected", "failed", "cancelled")
RETRIED: Sequence[ItemOutcome] = ("rejected", "failed")


class Assign(Struct, frozen=True, tag="assign", forbid_unknown_fields=True):
    """Assign a module to each organization."""

    module_id: ModuleId
    config: dict[str, Any] | UnsetType = UNSET


class Unassign(Struct, frozen=True, tag="unassign", forbid_unknown_fields=True):
    """Unassign a module; where a template requires it, only with `force`."""

    module_id: ModuleId
    force: bool = False


class ApplyIndustry(Struct, frozen=True, tag="apply_industry", forbid_unknown_fields=True):
    """Apply an industry template, in the version that is current when each organization is decided."""

    industry_code: IndustryCode
    mode: Literal["add", "replace"] = "add"


class Suspend(Struct, frozen=True, tag="suspend", forbid_unknown_fields=True):
    """Suspend each organization."""


class Reactivate(Struct, frozen=True, tag="reactivate", forbid_unknown_fields=True):
    """Reactivate each organization."""


BulkCommand = Assign | Unassign | ApplyIndustry | Suspend | Reactivate


TemplateVersion = Annotated[int, Meta(ge=1, lt=2**31)]


class OlderVersions(Struct, frozen=True, forbid_unknown_fields=True):
    """All versions before one."""

    older_than: TemplateVersion


class OrganizationFilter(Struct, frozen=True, forbid_unknown_fields=True):
    """Which organizations, as in their list. Without any field: all of them.

    `template_version`: the version in which they have the template of `template_code` applied, or all older ones.
    """

    q: Annotated[str, Meta(min_length=1, max_length=MAX_SEARCH, pattern=VISIBLE, extra=SEARCH)] | None = None
    status: Literal["active", "suspended"] | None = None
    industry_code: IndustryCode | None = None
    module_id: ModuleId | None = None
    template_code: IndustryCode | None = None
    template_version: TemplateVersion | OlderVersions | None = None


class Selection(Struct, frozen=True):
    """The organizations of a bulk operation: these ids, or those a filter selects when it begins."""

    organization_ids: Sequence[UUID] | None = None
    filter: OrganizationFilter | None = None


class NotOneSelection(Invalid):
    """The request has both ids and a filter, or neither."""


class TemplateCodeMissing(Invalid):
    """The filter has a template version without the template."""


class CommandTooLarge(TooLarge):
    """The command is too large to be sent to many organizations."""


class BulkOperationNotFound(NotFound):
    """There is no such bulk operation."""


class BulkOperationUnderWay(Conflict):
    """The bulk operation has to end first."""


class BulkOperationEnded(Conflict):
    """There is nothing left to cancel."""


class BulkOperation(Struct, frozen=True):
    """`cursor` is where selecting by a filter goes on."""

    id: UUID
    command: BulkCommand
    selection: Selection
    created_by: str
    created_at: datetime
    reason: str | None
    status: Status
    finished_at: datetime | None
    cursor: str | None = None


class Item(Struct, frozen=True):
    """An organization without an outcome. `attempt` counts from 1, and up with each retry."""

    organization_id: str
    attempt: int


class ItemResult(Struct, frozen=True):
    """`code` and `detail` are those of a refusal."""

    organization_id: str
    attempt: int
    outcome: ItemOutcome
    code: str | None = None
    detail: str | None = None


class DryRunOutcome(Struct, frozen=True):
    organization_id: str
    status: Literal["applied", "unchanged", "rejected"]
    refusal: Refusal | None


class Refusals(Struct, frozen=True):
    """Organizations that are refused for one reason: how many, and some of them."""

    code: str
    detail: str
    count: int
    organization_ids: Sequence[str]


class DryRunResult(Struct, frozen=True):
    """What a bulk operation would do, organization by organization summed up.

    `examined` of them were tried in the time a request may take; all of them when `complete`. The samples are ids.
    """

    examined: int
    complete: bool
    would_change: int
    unchanged: int
    refused: int
    would_change_sample: Sequence[str]
    unchanged_sample: Sequence[str]
    refusals: Sequence[Refusals]


class Summary:
    """Sums up dry runs in bounded memory."""

    MAX_REASONS: ClassVar[int] = 50

    def __init__(self) -> None:
        self.examined = 0
        self._counts = {"applied": 0, "unchanged": 0, "rejected": 0}
        self._samples: dict[str, list[str]] = {"applied": [], "unchanged": []}
        self._refusals: dict[str, Refusals] = {}

    def add(self, outcome: DryRunOutcome) -> None:
        self.examined += 1
        self._counts[outcome.status] += 1
        if outcome.refusal is not None:
            self._add_refusal(outcome.organization_id, outcome.refusal)
        elif len(self._samples[outcome.status]) < SAMPLES:
            self._samples[outcome.status].append(outcome.organization_id)

    def _add_refusal(self, organization_id: str, refusal: Refusal) -> None:
        known = self._refusals.get(refusal.code)
        if known is None:
            if len(self._refusals) < self.MAX_REASONS:
                self._refusals[refusal.code] = Refusals(refusal.code, refusal.detail, 1, [organization_id])
            return
        sample = [*known.organization_ids, organization_id][:SAMPLES]
        self._refusals[refusal.code] = Refusals(known.code, known.detail, known.count + 1, sample)

    def result(self, *, complete: bool) -> DryRunResult:
        """List the most frequent refusal first."""
        return DryRunResult(
            examined=self.examined,
            complete=complete,
            would_change=self._counts["applied"],
            unchanged=self._counts["unchanged"],
            refused=self._counts["rejected"],
            would_change_sample=self._samples["applied"],
            unchanged_sample=self._samples["unchanged"],
            refusals=sorted(self._refusals.values(), key=lambda one: (-one.count, one.code)),
        )


def item_operation_id(bulk_id: UUID, item: Item) -> UUID:
    """Return the same id however often the item's command is sent, and another for a retry."""
    return uuid5(bulk_id, f"{item.organization_id}:{item.attempt}")


def require_one_selection(selection: Selection) -> None:
    """Raise `NotOneSelection` or `TemplateCodeMissing`."""
    if (selection.organization_ids is None) == (selection.filter is None):
        raise NotOneSelection("Say which organizations: either `organization_ids` or `filter`, not both.")
    wanted = selection.filter
    if wanted is not None and wanted.template_version is not None and wanted.template_code is None:
        errors = [FieldError("/filter/template_code", "missing")]
        raise TemplateCodeMissing("A template_version needs the template_code it is of.", errors=errors)


def require_small(command: BulkCommand) -> None:
    if len(msgspec.json.encode(command)) > MAX_COMMAND_BYTES:
        raise CommandTooLarge(f"The command is larger than {MAX_COMMAND_BYTES:,} bytes. Shorten the config.")


def not_found(bulk_id: UUID) -> BulkOperationNotFound:
    return BulkOperationNotFound(f"There is no bulk operation {bulk_id}. See GET /api/v1/bulk-operations.")


def require_ended(bulk: BulkOperation) -> None:
    if bulk.status not in {"finished", "cancelled"}:
        raise BulkOperationUnderWay("The bulk operation is still under way. Retry the refused when it has ended.")


def require_cancellable(bulk: BulkOperation) -> None:
    if bulk.status in {"finished", "cancelled"}:
        raise BulkOperationEnded("The bulk operation has ended: there is nothing left to cancel.")
