"""Commands on an organization's assignments, and their results. Key: organization_id."""

from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from assignments.events import SkippedModule

UserId = Annotated[str, Meta(min_length=1, max_length=255)]
ModuleIds = Annotated[list[str], Meta(max_length=2000)]
Version = Annotated[int, Meta(ge=1)]
Config = dict[str, Any]
Mode = Literal["add", "replace"]


class AssignModule(Struct, frozen=True, tag="assign_module"):
    """Assign one module (super admins). `by` is the caller, recorded as the explicit source.

    Without `config` a kept config is used if it is still valid. An assigned module gains at most its explicit source.
    Refused when the module is unknown or inactive, or is assigned with another config.
    """

    organization_id: str
    module_id: str
    by: UserId
    config: Config | UnsetType = UNSET


class UnassignModule(Struct, frozen=True, tag="unassign_module"):
    """Unassign a module with all its sources (super admins); its config is kept for a later assignment.

    Allowed for suspended organizations. Refused when it is not assigned, or when an existing template requires it and
    `force` is not set.
    """

    organization_id: str
    module_id: str
    force: bool = False


class BulkAssignModules(Struct, frozen=True, tag="bulk_assign_modules"):
    """Assign several modules at once, all or none (super admins); with `industry_code` as part of that template.

    The version is the one that the organization has applied; without any, the current one, which counts as applied from
    then on. Refused when an id is repeated, unknown, inactive or not of that version.
    """

    organization_id: str
    module_ids: ModuleIds
    by: UserId
    industry_code: str | None = None


class ApplyIndustryTemplate(Struct, frozen=True, tag="apply_industry_template"):
    """Assign a template's modules (super admins, and signups).

    `version` None is the current one; a number is applied even if a newer exists. `replace` takes the sources of
    all other templates away. Refused whole when the template or a required module cannot be applied.
    """

    organization_id: str
    industry_code: str
    version: Version | None = None
    mode: Mode = "add"


class UpdateModuleConfig(Struct, frozen=True, tag="update_module_config"):
    """Patch the config of one module by JSON merge patch (super admins, and the organization's own admin).

    Changes the organization's layer alone. `as_operator`: by a super admin, who may correct a suspended organization.
    Refused when the module is not assigned or the outcome is too large.
    """

    organization_id: str
    module_id: str
    patch: Config
    as_operator: bool = False


class RestoreAssignments(Struct, frozen=True, tag="restore_assignments"):
    """Undo an unassignment (super admins): restore sources, versions and config from the event log.

    `operation_id` is the unassignment's. Unchanged when everything is as it was. Refused when it cannot be restored.
    """

    organization_id: str
    operation_id: UUID


Command = (
    AssignModule | UnassignModule | BulkAssignModules | ApplyIndustryTemplate | UpdateModuleConfig | RestoreAssignments
)


class AssignmentResult(Struct, frozen=True):
    """The modules by outcome, in the order requested or, for a template, in its display order.

    `unchanged` keep their config, though a source may have been added; `removed` lost their last source.
    `discarded_configs`: assigned modules whose kept config no longer fits their schema. The last three fields are set
    only for a template.
    """

    assigned: list[str] = []
    unchanged: list[str] = []
    skipped: list[SkippedModule] = []
    removed: list[str] = []
    discarded_configs: list[str] = []
    industry_code: str | None = None
    version: int | None = None
    sets_industry: bool | None = None


class ConfigResult(Struct, frozen=True):
    """The organization's layer of a module's config after a patch."""

    module_id: str
    config: Config
