"""Decides about one industry template. Pure: state and facts in, events or a refusal out."""

from collections.abc import Sequence
from functools import reduce
from typing import Literal, assert_never

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from industries.commands import Command, CreateIndustry, DeleteIndustry, UpdateIndustry
from industries.events import (
    IndustryCreatedEvent,
    IndustryDeletedEvent,
    IndustryUpdatedEvent,
    TemplateModule,
)
from industries.facts import (
    ConfigInvalid,
    DuplicateModules,
    IndustryFacts,
    IndustryNameTaken,
    JudgedModule,
    UnknownModules,
    name_key,
    require_configs,
    require_free_name,
    require_modules,
)
from shared.errors import Conflict, NotFound
from shared.json.patches import same_json
from shared.messages import Decision, Event, FieldChange
from shared.text.forms import cleaned

__all__ = [
    "INITIAL",
    "ConfigInvalid",
    "DuplicateModules",
    "Industry",
    "IndustryFacts",
    "IndustryNameTaken",
    "UnknownModules",
    "decide",
    "evolve",
    "name_key",
]


class Industry(Struct, frozen=True):
    """One template. `modules` is the list of `version`; a deleted template keeps both, to go on counting."""

    status: Literal["absent", "active", "inactive", "deleted"] = "absent"
    industry_name: str = ""
    description: str = ""
    version: int = 0
    modules: tuple[TemplateModule, ...] = ()

    @property
    def exists(self) -> bool:
        return self.status in {"active", "inactive"}

    @property
    def is_active(self) -> bool:
        return self.status == "active"


INITIAL = Industry()


class IndustryResult(Struct, frozen=True):
    """The template as a command left it."""

    industry_code: str
    industry_name: str
    description: str
    is_active: bool
    version: int
    modules: Sequence[TemplateModule]


class DeletedIndustry(Struct, frozen=True):
    """The template a command deleted, and how many organizations had it applied."""

    industry_code: str
    organizations: int


class TemplateImpact(Struct, frozen=True):
    """The effect of a template's change. `organizations` have it applied, and keep what it gave them.

    `modules` is a new list as a signup would find it, in its order; null when the list stays.
    """

    organizations: int
    modules: Sequence[JudgedModule] | None


class IndustryAlreadyExists(Conflict):
    """The code belongs to an existing template with other values."""


class ModuleNotFound(NotFound):
    """No such module is registered, or it was deleted."""


class IndustryNotFound(NotFound):
    """The code was never used, or its template is deleted."""


def decide(industry: Industry, facts: IndustryFacts, command: Command) -> Decision:
    """Return the command's events, none when nothing changes. Raise a `Refused`."""
    match command:
        case CreateIndustry():
            return _create(industry, facts, cleaned(command))
        case UpdateIndustry():
            return _update(industry, facts, cleaned(command))
        case DeleteIndustry():
            return _delete(industry, facts, command)
        case _ as never:
            assert_never(never)


def _create(industry: Industry, facts: IndustryFacts, command: CreateIndustry) -> Decision:
    code, modules = command.industry_code, tuple(command.modules)
    publishes = industry.version == 0 or not same_json(industry.modules, modules)
    event = IndustryCreatedEvent(
        industry_code=code,
        industry_name=command.industry_name,
        description=command.description,
        is_active=command.is_active,
        version=industry.version + publishes,
        modules=modules,
    )
    if not industry.exists:
        require_free_name(facts, code, command.industry_name)
        require_modules(facts, modules)
        require_configs(facts, modules)
        return _decided(industry, code, event)
    if not same_json(industry, evolve(industry, event)):
        raise IndustryAlreadyExists(
            f"Industry {code} exists with other values. Change it with PATCH /api/v1/industries/{code}.",
            link=f"/api/v1/industries/{code}",
        )
    return _decided(industry, code)


def _update(industry: Industry, facts: IndustryFacts, command: UpdateIndustry) -> Decision:
    code = command.industry_code
    _require_existing(industry, code)
    changes = _field_changes(industry, command)
    if "industry_name" in changes:
        require_free_name(facts, code, changes["industry_name"].after)
    published = _new_list(industry, facts, command.modules)
    version = industry.version
    if published is not None:
        version += 1
        changes["version"] = FieldChange(industry.version, version)
    before = None if published is None else tuple(industry.modules)
    events = [IndustryUpdatedEvent(code, changes, version, published, before)] if changes else []
    return _decided(industry, code, *events)


def _field_changes(industry: Industry, command: UpdateIndustry) -> dict[str, FieldChange]:
    return {
        name: FieldChange(before, after)
        for name in ("industry_name", "description", "is_active")
        if (after := getattr(command, name)) is not UNSET and (before := getattr(industry, name)) != after
    }


def _new_list(
    industry: Industry, facts: IndustryFacts, wanted: Sequence[TemplateModule] | UnsetType
) -> tuple[TemplateModule, ...] | None:
    if isinstance(wanted, UnsetType) or same_json(industry.modules, wanted):
        return None
    require_modules(facts, wanted, present=industry.modules)
    require_configs(facts, wanted, present=industry.modules)
    return tuple(wanted)


def _delete(industry: Industry, facts: IndustryFacts, command: DeleteIndustry) -> Decision:
    code = command.industry_code
    _require_existing(industry, code)
    organizations = facts.organizations.get(code, 0)
    return Decision([IndustryDeletedEvent(code, organizations)], DeletedIndustry(code, organizations))


def _require_existing(industry: Industry, code: str) -> None:
    if not industry.exists:
        raise IndustryNotFound(
            f"There is no industry {code}. See GET /api/v1/industries for those that exist, "
            "or create it with POST there."
        )


def _decided(industry: Industry, code: str, *events: Event) -> Decision:
    after = reduce(evolve, events, industry)
    result = IndustryResult(code, after.industry_name, after.description, after.is_active, after.version, after.modules)
    return Decision(events, result)


def evolve(industry: Industry, event: Event) -> Industry:
    """Return the state after the event. Defined for every event in every state."""
    match event:
        case IndustryCreatedEvent():
            status = _status(is_active=event.is_active)
            return Industry(status, event.industry_name, event.description, event.version, event.modules)
        case IndustryUpdatedEvent():
            return _updated(industry, event)
        case IndustryDeletedEvent():
            return replace(industry, status="deleted")
        case _:
            return industry


def _updated(industry: Industry, event: IndustryUpdatedEvent) -> Industry:
    after = {name: change.after for name, change in event.changes.items()}
    return Industry(
        status=_status(is_active=after["is_active"]) if "is_active" in after else industry.status,
        industry_name=after.get("industry_name", industry.industry_name),
        description=after.get("description", industry.description),
        version=event.version,
        modules=industry.modules if event.modules is None else event.modules,
    )


def published_versions(
    industry: Industry, commands: Sequence[Command]
) -> Sequence[tuple[int, tuple[TemplateModule, ...]]]:
    """Return the lists that these commands publish if all are accepted, with their numbers, in this order."""
    version, modules = industry.version, industry.modules
    published = []
    for command in commands:
        wanted = UNSET if isinstance(command, DeleteIndustry) else command.modules
        if wanted is not UNSET and (version == 0 or not same_json(modules, wanted)):
            version, modules = version + 1, tuple(wanted)
            published.append((version, modules))
    return published


def _status(*, is_active: bool) -> Literal["active", "inactive"]:
    return "active" if is_active else "inactive"
