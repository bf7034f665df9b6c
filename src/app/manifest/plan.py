"""Plan the commands that make the registry and the industries equal to a manifest. Nothing is sent here."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeVar

from msgspec import Struct
from msgspec.structs import asdict, replace

from app.manifest.model import Manifest, ManifestError, ManifestIndustry, ManifestModule, ManifestRefused, Mention
from industries.commands import CreateIndustry, DeleteIndustry, UpdateIndustry
from industries.events import TemplateModule
from registry.commands import ActivateModule, DeactivateModule, DeleteModule, RegisterModule, UpdateModule
from shared.json.patches import same_json

Kind = Literal["module", "industry"]
Action = Literal["create", "update", "delete", "keep"]
Item = TypeVar("Item", ManifestModule, ManifestIndustry)


class Step(Struct, frozen=True):
    """The commands, in order, that bring one item from `before` to `after`; None stands for no item."""

    kind: Kind
    item_id: str
    before: ManifestModule | ManifestIndustry | None
    after: ManifestModule | ManifestIndustry | None
    commands: Sequence[Any] = ()

    @property
    def name(self) -> str:
        return f"{self.kind} {self.item_id}"

    @property
    def action(self) -> Action:
        if not self.commands:
            return "keep"
        if self.after is None:
            return "delete"
        return "create" if self.before is None else "update"


class Plan(Struct, frozen=True):
    """Steps in the order of their execution; `left_out` are entries of industries that name unknown modules."""

    modules: Sequence[Step]
    industries: Sequence[Step]
    deletions: Sequence[Step]
    left_out: Sequence[Mention]

    @property
    def steps(self) -> Sequence[Step]:
        return [*self.modules, *self.industries, *self.deletions]


def plan(
    manifest: Manifest,
    modules: Mapping[str, ManifestModule],
    industries: Mapping[str, ManifestIndustry],
    *,
    skip_unknown_modules: bool = False,
    prune: bool = False,
) -> Plan:
    """Plan how to make `modules` and `industries` equal to the manifest. Raises `ManifestRefused`.

    With `prune`, what the manifest does not name is deleted, unless it names none of that kind.
    """
    known = {*modules, *(module.module_id for module in manifest.modules)}
    listed = {code: {entry.module_id for entry in industry.modules} for code, industry in industries.items()}
    unknown = [
        mention
        for mention in manifest.mentions
        # An industry may keep a module that was deleted later, as the rules of industries allow.
        if mention.module_id not in known and mention.module_id not in listed.get(mention.industry_code, ())
    ]
    if unknown and not skip_unknown_modules:
        raise ManifestRefused([_unknown(mention) for mention in unknown])
    return Plan(
        modules=[_module_step(module, modules.get(module.module_id)) for module in manifest.modules],
        industries=[
            _industry_step(
                _with_known(industry, known | listed.get(industry.industry_code, set())),
                industries.get(industry.industry_code),
            )
            for industry in manifest.industries
        ],
        deletions=_deletions(manifest, modules, industries) if prune else [],
        left_out=unknown,
    )


def _unknown(mention: Mention) -> ManifestError:
    return ManifestError(
        mention.place,
        f"{mention.module_id} is neither registered nor in the manifest; add it, or use --skip-unknown-modules",
    )


def _with_known(industry: ManifestIndustry, known: set[str]) -> ManifestIndustry:
    return replace(industry, modules=[entry for entry in industry.modules if entry.module_id in known])


def _module_step(wanted: ManifestModule, current: ManifestModule | None) -> Step:
    module_id = wanted.module_id
    if current is None:
        return Step("module", module_id, None, wanted, [RegisterModule(**asdict(wanted))])
    changes = _changes(wanted, current)
    is_active = changes.pop("is_active", None)
    commands: list[Any] = [UpdateModule(module_id, **changes)] if changes else []
    if is_active is not None:
        commands.append(ActivateModule(module_id) if is_active else DeactivateModule(module_id))
    return Step("module", module_id, current, wanted, commands)


def _industry_step(wanted: ManifestIndustry, current: ManifestIndustry | None) -> Step:
    code = wanted.industry_code
    fields = asdict(wanted) if current is None else _changes(wanted, current)
    if "modules" in fields:
        fields["modules"] = [TemplateModule(**asdict(entry)) for entry in wanted.modules]
    if current is None:
        return Step("industry", code, None, wanted, [CreateIndustry(**fields)])
    return Step("industry", code, current, wanted, [UpdateIndustry(code, **fields)] if fields else [])


def _changes(wanted: Struct, current: Struct) -> dict[str, Any]:
    return {
        name: value
        for name, value in asdict(wanted).items()
        # Compared as JSON, because 1 == 1.0 == True in Python.
        if not same_json(value, getattr(current, name))
    }


def _deletions(
    manifest: Manifest, modules: Mapping[str, ManifestModule], industries: Mapping[str, ManifestIndustry]
) -> Sequence[Step]:
    other_industries = _not_named(industries, {industry.industry_code for industry in manifest.industries})
    other_modules = _not_named(modules, {module.module_id for module in manifest.modules})
    return [
        *(Step("industry", code, each, None, [DeleteIndustry(code)]) for code, each in other_industries),
        *(Step("module", module_id, each, None, [DeleteModule(module_id)]) for module_id, each in other_modules),
    ]


def _not_named(registered: Mapping[str, Item], named: set[str]) -> Sequence[tuple[str, Item]]:
    return [(id_, item) for id_, item in registered.items() if named and id_ not in named]


def still_in_use(
    planned: Plan, industries: Mapping[str, ManifestIndustry], organizations: Mapping[str, int]
) -> Mapping[str, str]:
    """Return why deletions of modules will be refused, by module id. `organizations` counts those that have each."""
    after = dict(industries)
    for step in (*planned.industries, *planned.deletions):
        if step.kind == "industry":
            after.pop(step.item_id, None)
            if isinstance(step.after, ManifestIndustry):
                after[step.item_id] = step.after
    reasons: dict[str, str] = {}
    for step in planned.deletions:
        if step.kind == "module":
            codes = sorted(code for code, industry in after.items() if industry.is_active and _names(industry, step))
            if why := _in_use(organizations.get(step.item_id, 0), codes):
                reasons[step.item_id] = why
    return reasons


def _names(industry: ManifestIndustry, step: Step) -> bool:
    return any(entry.module_id == step.item_id for entry in industry.modules)


def _in_use(organizations: int, codes: Sequence[str]) -> str:
    parts = [f"{organizations} organizations have it"] if organizations else []
    if codes:
        parts.append(f"active industries name it: {', '.join(codes)}")
    return "; ".join(parts)
