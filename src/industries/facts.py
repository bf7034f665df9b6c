"""What other contexts know about modules and names, and what a template demands of it. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct

from industries.events import TemplateModule
from registry.contract import ModuleFact, ModuleStatus
from shared.errors import Conflict, FieldError, Invalid
from shared.json.documents import capped, too_large, within
from shared.json.layered_config import ConfigRules
from shared.json.patches import same_json
from shared.text.forms import comparable

ModuleState = Literal["assignable", "inactive", "missing", "config_invalid"]


class IndustryFacts(Struct, frozen=True):
    """Facts of other contexts. `names`: code by `name_key`. `organizations`: by code; counts of 0 may be left out."""

    modules: Mapping[str, ModuleStatus] = {}
    rules: Mapping[str, ConfigRules] = {}
    names: Mapping[str, str] = {}
    organizations: Mapping[str, int] = {}


class JudgedModule(Struct, frozen=True):
    """A listed module as a signup would find it; the errors as in `config_errors_of`."""

    module_id: str
    state: ModuleState
    config_errors: Sequence[FieldError]


class IndustryNameTaken(Conflict):
    """Another existing template has the name, whatever the case and the spaces."""


class UnknownModules(Invalid):
    """Newly named modules are not registered, or deleted."""


class DuplicateModules(Invalid):
    """The list names modules more than once."""


class ConfigInvalid(Invalid):
    """New default configs are too large, or have values that do not fit their module's schema."""


def name_key(industry_name: str) -> str:
    """Return the form in which names are compared: equal keys are the same name."""
    return comparable(industry_name)


def require_free_name(facts: IndustryFacts, code: str, name: str) -> None:
    holder = facts.names.get(name_key(name), code)
    if holder != code:
        raise IndustryNameTaken(
            f"Industry {holder} is already named {name!r}, whatever the case and the spaces. Choose another name, "
            "or rename that one.",
            industry_code=holder,
        )


def require_modules(
    facts: IndustryFacts, wanted: Sequence[TemplateModule], present: Sequence[TemplateModule] = ()
) -> None:
    """Refuse modules that are named twice, or newly named and not registered; all of them at once."""
    named: set[str] = set()
    duplicates, unknown = [], []
    known = {entry.module_id for entry in present}
    for position, module_id in enumerate(entry.module_id for entry in wanted):
        pointer = f"/modules/{position}/module_id"
        if module_id in named:
            duplicates.append(FieldError(pointer, f"{module_id} is in the list already"))
        elif module_id not in known and facts.modules.get(module_id, "deleted") == "deleted":
            unknown.append(FieldError(pointer, f"{module_id} is not registered"))
        named.add(module_id)
    if duplicates:
        raise DuplicateModules("Name each module once: its place in the list is its order.", errors=duplicates)
    if unknown:
        raise UnknownModules("Register these modules first, or leave them out.", errors=unknown)


def require_configs(
    facts: IndustryFacts, wanted: Sequence[TemplateModule], present: Sequence[TemplateModule] = ()
) -> None:
    """Refuse wrong values in new configs; missing ones may be added by organizations."""
    errors: list[FieldError] = []
    known = {entry.module_id: entry.default_config for entry in present}
    for position, entry in enumerate(wanted):
        config, rules = entry.default_config, facts.rules.get(entry.module_id)
        if entry.module_id in known and same_json(config, known[entry.module_id]):
            continue
        wrong = too_large(config) or (rules.errors([config], complete=False) if rules else [])
        errors += within(f"/modules/{position}/default_config", wrong)
    if errors:
        raise ConfigInvalid(
            "Default configs have values that their modules do not take: see `errors`. The schemas are at "
            "GET /api/v1/module-registry/{module_id}/config.",
            errors=capped(errors),
        )


def state_of(module: ModuleFact | None, config: dict[str, Any]) -> ModuleState:
    """Return whether a template with this config can give the module to an organization that has none."""
    if module is None or module.status == "deleted":
        return "missing"
    if module.status == "inactive":
        return "inactive"
    return "config_invalid" if module.rules and module.rules.errors([config]) else "assignable"


def config_errors_of(module: ModuleFact | None, config: dict[str, Any]) -> Sequence[FieldError]:
    """Return the errors of the config that the template alone gives, including missing values."""
    return capped(module.rules.errors([config])) if module and module.rules else []


def judged(entry: TemplateModule, module: ModuleFact | None) -> JudgedModule:
    config = entry.default_config
    return JudgedModule(entry.module_id, state_of(module, config), config_errors_of(module, config))
