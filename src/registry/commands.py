"""The commands of the module registry. Key: module_id."""

from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from shared.text.forms import LINE, LINES

ModuleName = Annotated[str, Meta(min_length=1, max_length=200, extra=LINE)]
Description = Annotated[str, Meta(max_length=4000, extra=LINES)]
Category = Annotated[str, Meta(min_length=1, max_length=100, extra=LINE)]
ServiceName = Annotated[str, Meta(min_length=1, max_length=200, extra=LINE)]
ApiEndpoint = Annotated[str, Meta(min_length=1, max_length=500, extra=LINE)]
ModuleVersion = Annotated[str, Meta(min_length=1, max_length=64, extra=LINE)]
Document = dict[str, Any]


class RegisterModule(Struct, frozen=True, tag="register_module"):
    """A super admin registers a module, or restores a deleted one with these values.

    Unchanged when the existing module has exactly these values. Refused when it has others, when the schema cannot be
    used, or when a default does not fit it.
    """

    module_id: str
    module_name: ModuleName
    description: Description
    category: Category
    service_name: ServiceName
    api_endpoint: ApiEndpoint
    version: ModuleVersion
    metadata: Document
    default_config: Document
    is_active: bool = True
    config_schema: Document | None = None


class UpdateModule(Struct, frozen=True, tag="update_module"):
    """A super admin updates a module. Fields left out keep their value; documents are replaced whole.

    Unchanged without a difference. Refused when the module is absent or deleted, when a new schema cannot be used, or
    when a default does not fit the schema. Existing configs are not checked.
    """

    module_id: str
    module_name: ModuleName | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    category: Category | UnsetType = UNSET
    service_name: ServiceName | UnsetType = UNSET
    api_endpoint: ApiEndpoint | UnsetType = UNSET
    version: ModuleVersion | UnsetType = UNSET
    metadata: Document | UnsetType = UNSET
    default_config: Document | UnsetType = UNSET
    config_schema: Document | UnsetType | None = UNSET


class ActivateModule(Struct, frozen=True, tag="activate_module"):
    """A super admin lets a module be assigned and take effect. Refused when it is absent or deleted."""

    module_id: str


class DeactivateModule(Struct, frozen=True, tag="deactivate_module"):
    """A super admin takes a module out of effect everywhere; assignments stay. Refused when it is absent or deleted."""

    module_id: str


class DeleteModule(Struct, frozen=True, tag="delete_module"):
    """A super admin deletes a module. Refused when it is absent, or an organization or active template has it."""

    module_id: str


Command = RegisterModule | UpdateModule | ActivateModule | DeactivateModule | DeleteModule
