"""Makes the registry and the industries equal to a manifest, through commands, and sends none that is not needed."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, Protocol

from msgspec import Struct
from msgspec.structs import asdict, replace

from app.manifest import Manifest, ManifestError, ManifestIndustry, ManifestModule, ManifestRefused, Mention
from industries.commands import CreateIndustry, UpdateIndustry
from industries.events import TemplateModule
from registry.commands import ActivateModule, DeactivateModule, RegisterModule, UpdateModule
from shared.errors import Refusal, Refused
from shared.messages import Outcome, same_json

MAX_UNDER_WAY = 64
EXIT_APPLIED, EXIT_REFUSED, EXIT_MANIFEST_REFUSED = 0, 1, 2

Kind = Literal["module", "industry"]
Status = Literal["created", "updated", "unchanged", "refused"]
CONTEXTS: Mapping[Kind, str] = {"module": "registry", "industry": "industries"}


class Registered(Protocol):
    """What there is, as a manifest would describe it. Deleted modules and industries are left out."""

    async def modules(self) -> Mapping[str, ManifestModule]:
        """By module id."""
        ...

    async def industries(self) -> Mapping[str, ManifestIndustry]:
        """By industry code, with the list of the current version."""
        ...


class Send(Protocol):
    """Sends a command and waits for its outcome. Raises `Refused` when it cannot be taken."""

    async def __call__(self, context: str, aggregate_id: str, command: Any, user_id: str, /) -> Outcome: ...


class Step(Struct, frozen=True):
    """What makes one item equal to its description: these commands, in order. None: it is already."""

    kind: Kind
    item_id: str
    commands: Sequence[Any] = ()

    @property
    def creates(self) -> bool:
        """Whether the item is new, or comes back."""
        return any(isinstance(command, RegisterModule | CreateIndustry) for command in self.commands)


class Plan(Struct, frozen=True):
    """Modules go before industries, which name them. `left_out` are the entries that were dropped."""

    modules: Sequence[Step]
    industries: Sequence[Step]
    left_out: Sequence[Mention]


class ItemResult(Struct, frozen=True):
    """What became of one item; `why` is set when it was refused."""

    kind: Kind
    item_id: str
    status: Status
    why: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.item_id}: {self.status}" + (f" ({self.why})" if self.why else "")


class Report(Struct, frozen=True):
    """What became of a manifest, item by item in its order."""

    results: Sequence[ItemResult]
    left_out: Sequence[Mention] = ()

    @property
    def exit_code(self) -> int:
        """0 when every item is as described, 1 when one was refused."""
        return EXIT_REFUSED if self._count("refused") else EXIT_APPLIED

    @property
    def summary(self) -> str:
        """As `12 unchanged, 0 changed`, and what was refused or left out, if anything."""
        parts = [f"{self._count('unchanged')} unchanged", f"{self._count('created', 'updated')} changed"]
        if refused := self._count("refused"):
            parts.append(f"{refused} refused")
        if self.left_out:
            parts.append(f"unknown modules left out: {len(self.left_out)}")
        return ", ".join(parts)

    def lines(self) -> Iterator[str]:
        """For people: a line for each item and each entry left out, then the summary."""
        for mention in self.left_out:
            yield f"industry {mention.industry_code}: left out {mention.module_id}, not registered ({mention.place})"
        yield from map(str, self.results)
        yield self.summary

    def _count(self, *statuses: Status) -> int:
        return sum(result.status in statuses for result in self.results)


async def apply_manifest(
    manifest: Manifest, registered: Registered, send: Send, *, skip_unknown_modules: bool, user_id: str
) -> Report:
    """Make what is registered equal to the manifest; what the manifest does not name stays as it is.

    Raises `ManifestRefused`, before anything is sent, when an industry names a module that is neither registered nor
    in the manifest, unless `skip_unknown_modules` leaves such entries out.
    """
    modules, industries = await registered.modules(), await registered.industries()
    planned = plan(manifest, modules, industries, skip_unknown_modules=skip_unknown_modules)
    results = await _run(planned.modules, send, user_id)
    return Report([*results, *await _run(planned.industries, send, user_id)], planned.left_out)


def plan(
    manifest: Manifest,
    modules: Mapping[str, ManifestModule],
    industries: Mapping[str, ManifestIndustry],
    *,
    skip_unknown_modules: bool = False,
) -> Plan:
    """Tell the commands that make `modules` and `industries` equal to the manifest. Raises `ManifestRefused`."""
    known = {*modules, *(module.module_id for module in manifest.modules)}
    unknown = [mention for mention in manifest.mentions if mention.module_id not in known]
    if unknown and not skip_unknown_modules:
        raise ManifestRefused([_unknown(mention) for mention in unknown])
    return Plan(
        modules=[_module_step(module, modules.get(module.module_id)) for module in manifest.modules],
        industries=[
            _industry_step(_with_known(industry, known), industries.get(industry.industry_code))
            for industry in manifest.industries
        ],
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
        return Step("module", module_id, [RegisterModule(**asdict(wanted))])
    changes = _changes(wanted, current)
    is_active = changes.pop("is_active", None)
    commands: list[Any] = [UpdateModule(module_id, **changes)] if changes else []
    if is_active is not None:
        commands.append(ActivateModule(module_id) if is_active else DeactivateModule(module_id))
    return Step("module", module_id, commands)


def _industry_step(wanted: ManifestIndustry, current: ManifestIndustry | None) -> Step:
    code = wanted.industry_code
    fields = asdict(wanted) if current is None else _changes(wanted, current)
    if "modules" in fields:
        fields["modules"] = [TemplateModule(**asdict(entry)) for entry in wanted.modules]
    if current is None:
        return Step("industry", code, [CreateIndustry(**fields)])
    return Step("industry", code, [UpdateIndustry(code, **fields)] if fields else [])


def _changes(wanted: Struct, current: Struct) -> dict[str, Any]:
    return {
        name: value
        for name, value in asdict(wanted).items()
        # as JSON, because Python holds 1, 1.0 and True for equal
        if not same_json(value, getattr(current, name))
    }


async def _run(steps: Sequence[Step], send: Send, user_id: str) -> Sequence[ItemResult]:
    places = asyncio.Semaphore(MAX_UNDER_WAY)

    async def run(step: Step) -> ItemResult:
        async with places:
            return await _result(step, send, user_id)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(run(step)) for step in steps]
    return [task.result() for task in tasks]


async def _result(step: Step, send: Send, user_id: str) -> ItemResult:
    applied = False
    for command in step.commands:
        why = ""
        try:
            outcome = await send(CONTEXTS[step.kind], step.item_id, command, user_id)
            why = _why_not(outcome)
            applied = applied or outcome.status == "applied"
        except Refused as refused:
            why = _told(refused.refusal())
        if why:
            return ItemResult(
                step.kind, step.item_id, "refused", f"after a part was applied: {why}" if applied else why
            )
    return ItemResult(step.kind, step.item_id, ("created" if step.creates else "updated") if applied else "unchanged")


def _why_not(outcome: Outcome) -> str:
    if outcome.status in {"applied", "unchanged"}:
        return ""
    if outcome.status == "pending":
        return f"operation {outcome.operation_id} is not decided yet; apply again to see what became of it"
    return _told(outcome.refusal) if outcome.refusal else f"operation {outcome.operation_id} failed; apply again"


def _told(refusal: Refusal) -> str:
    fields = "; ".join(f"{error.pointer}: {error.message}" for error in refusal.errors)
    return f"{refusal.detail} {fields}" if fields else refusal.detail
