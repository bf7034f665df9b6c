"""Decides about one module. Pure: state and facts in, events or a refusal out."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import reduce
from typing import Any, Literal, NoReturn, assert_never

from msgspec import UNSET, Struct
from msgspec.structs import asdict, replace

from registry.commands import (
    ActivateModule,
    Command,
    DeactivateModule,
    DeleteModule,
    RegisterModule,
    UpdateModule,
)
from registry.events import (
    ModuleActivatedEvent,
    ModuleDeactivatedEvent,
    ModuleDeletedEvent,
    ModuleRegisteredEvent,
    ModuleUpdatedEvent,
)
from shared.errors import Conflict, FieldError, Invalid, NotFound
from shared.json.documents import capped, too_large, unportable, within
from shared.json.layered_config import ConfigRules
from shared.json.patches import same_json
from shared.json.schemas import JsonSchema, UnusableSchema
from shared.messages import Decision, Event, FieldChange
from shared.text.forms import cleaned

DESCRIPTIVE: Sequence[str] = tuple(name for name in UpdateModule.__struct_fields__ if name != "module_id")
"""The fields an update may change, in display order."""


class Module(Struct, frozen=True):
    """One module. A deleted one keeps its last values; without a `config_schema` any config fits."""

    status: Literal["absent", "active", "inactive", "deleted"] = "absent"
    module_name: str = ""
    description: str = ""
    category: str = ""
    service_name: str = ""
    api_endpoint: str = ""
    version: str = ""
    metadata: dict[str, Any] = {}
    default_config: dict[str, Any] = {}
    config_schema: dict[str, Any] | None = None

    @property
    def exists(self) -> bool:
        return self.status in {"active", "inactive"}


INITIAL = Module()


class Usage(Struct, frozen=True):
    """Who has a module: how many organizations, and the codes of the active templates that contain it."""

    organizations: int = 0
    templates: Sequence[str] = ()


class RegistryFacts(Struct, frozen=True):
    """Facts of other contexts. `usage` has an entry for every module that a `DeleteModule` of the batch names."""

    usage: Mapping[str, Usage] = {}


class ModuleResult(Struct, frozen=True):
    """The module as a command left it."""

    module_id: str
    module_name: str
    description: str
    category: str
    service_name: str
    api_endpoint: str
    version: str
    metadata: dict[str, Any]
    default_config: dict[str, Any]
    config_schema: dict[str, Any] | None
    is_active: bool


class DeletedModule(Struct, frozen=True):
    """The module a command deleted."""

    module_id: str


class ModuleAlreadyRegistered(Conflict):
    """The id belongs to an existing module with other values."""


class ModuleNotFound(NotFound):
    """The id was never registered, or its module is deleted."""


class ModuleInUse(Conflict):
    """Organizations or active templates still have the module."""


class ConfigSchemaUnusable(Invalid):
    """The schema is no JSON Schema, leads out of itself, or could cost too much to check."""


class MetadataInvalid(Invalid):
    """The metadata hold what a manifest could not."""


class DefaultConfigInvalid(Invalid):
    """The defaults are too large, or a value among them does not fit the module's schema."""


def decide(module: Module, facts: RegistryFacts, command: Command) -> Decision:
    """Return the command's events, none when nothing changes. Raise a `Refused`."""
    match command:
        case RegisterModule():
            return _register(module, cleaned(command))
        case UpdateModule():
            return _update(module, cleaned(command))
        case ActivateModule(module_id):
            return _switch(module, module_id, ModuleActivatedEvent(module_id))
        case DeactivateModule(module_id):
            return _switch(module, module_id, ModuleDeactivatedEvent(module_id))
        case DeleteModule(module_id):
            return _delete(module, facts.usage, module_id)
        case _ as never:
            assert_never(never)


def _register(module: Module, command: RegisterModule) -> Decision:
    wanted = ModuleRegisteredEvent(**asdict(command))
    if not module.exists:
        _require_fitting(evolve(module, wanted), {"config_schema", "default_config", "metadata"})
        return _decided(module, command.module_id, wanted)
    if not same_json(asdict(_result(module, command.module_id)), asdict(wanted)):
        raise ModuleAlreadyRegistered(
            f"Module {command.module_id} is registered with other values. "
            f"Change it with PATCH /api/v1/module-registry/{command.module_id}.",
            link=f"/api/v1/module-registry/{command.module_id}",
        )
    return _decided(module, command.module_id)


def _update(module: Module, command: UpdateModule) -> Decision:
    _require_existing(module, command.module_id)
    changes = {
        name: FieldChange(before, after)
        for name in DESCRIPTIVE
        if (after := getattr(command, name)) is not UNSET and not same_json(before := getattr(module, name), after)
    }
    if not changes:
        return _decided(module, command.module_id)
    event = ModuleUpdatedEvent(command.module_id, changes)
    _require_fitting(evolve(module, event), changes.keys())
    return _decided(module, command.module_id, event)


def _require_fitting(module: Module, changed: AbstractSet[str]) -> None:
    """Refuse an unusable schema and wrong defaults. Missing values may be added by others, unless in a list."""
    default, schema = module.default_config, module.config_schema
    if "metadata" in changed and (errors := unportable(module.metadata)):
        raise MetadataInvalid("The metadata cannot be kept: see `errors`.", errors=within("/metadata", errors))
    if "default_config" in changed and (errors := too_large(default)):
        _refuse_default(errors)
    if schema is None or not changed & {"default_config", "config_schema"}:
        return
    if errors := ConfigRules(default, _compiled(schema)).errors([], complete=False):
        _refuse_default(errors)


def _compiled(schema: dict[str, Any]) -> JsonSchema:
    try:
        return JsonSchema(schema)
    except UnusableSchema as unusable:
        raise ConfigSchemaUnusable(
            "The config schema cannot be used: see `errors`. It has to be a JSON Schema of the dialect that its "
            "`$schema` names (draft-04 to 2020-12; without a name the latter), and refer to nothing outside itself.",
            errors=capped(within("/config_schema", unusable.errors)),
        ) from unusable


def _refuse_default(errors: Sequence[FieldError]) -> NoReturn:
    raise DefaultConfigInvalid(
        "The default config cannot be used: see `errors`. It may leave out keys that the config schema requires, for "
        "templates and organizations to add, but no value may be wrong, and nothing may be missing inside a list: "
        "lists are replaced as a whole.",
        errors=capped(within("/default_config", errors)),
    )


def _switch(module: Module, module_id: str, event: ModuleActivatedEvent | ModuleDeactivatedEvent) -> Decision:
    _require_existing(module, module_id)
    events = [] if evolve(module, event) == module else [event]
    return _decided(module, module_id, *events)


def _delete(module: Module, usage: Mapping[str, Usage], module_id: str) -> Decision:
    _require_existing(module, module_id)
    used = usage[module_id]
    if used.organizations or used.templates:
        raise ModuleInUse(
            f"Module {module_id} is in use (organizations: {used.organizations}, active templates: "
            f"{len(used.templates)}). Unassign it there and take it out of the templates first, or deactivate it.",
            organizations=used.organizations,
            templates=list(used.templates),
            link=f"/api/v1/module-registry/{module_id}/organizations",
        )
    return Decision([ModuleDeletedEvent(module_id)], DeletedModule(module_id))


def _require_existing(module: Module, module_id: str) -> None:
    if not module.exists:
        raise ModuleNotFound(
            f"No module {module_id} is registered. See GET /api/v1/module-registry for those that are, "
            "or register it with POST there."
        )


def _decided(module: Module, module_id: str, *events: Event) -> Decision:
    return Decision(events, _result(reduce(evolve, events, module), module_id))


def _result(module: Module, module_id: str) -> ModuleResult:
    described = {name: getattr(module, name) for name in DESCRIPTIVE}
    return ModuleResult(module_id=module_id, is_active=module.status == "active", **described)


def evolve(module: Module, event: Event) -> Module:
    """Return the state after the event. Defined for every event in every state."""
    match event:
        case ModuleRegisteredEvent():
            described = {name: getattr(event, name) for name in DESCRIPTIVE}
            return Module(status="active" if event.is_active else "inactive", **described)
        case ModuleUpdatedEvent(_, changes):
            return replace(module, **{name: changes[name].after for name in DESCRIPTIVE if name in changes})
        case ModuleActivatedEvent():
            return replace(module, status="active")
        case ModuleDeactivatedEvent():
            return replace(module, status="inactive")
        case ModuleDeletedEvent():
            return replace(module, status="deleted")
        case _:
            return module
