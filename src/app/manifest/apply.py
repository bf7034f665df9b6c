"""Make the registry and the industries equal to a manifest, through as few commands as that takes."""

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Literal, Protocol

from msgspec import Struct

from app.manifest.model import Manifest, ManifestIndustry, ManifestModule, Mention
from app.manifest.plan import Action, Kind, Step, plan
from shared.errors import Refusal, Refused
from shared.messages import Outcome

MAX_UNDER_WAY = 64
EXIT_APPLIED, EXIT_REFUSED, EXIT_MANIFEST_REFUSED, EXIT_CHANGES = 0, 1, 2, 3

Status = Literal["created", "updated", "deleted", "unchanged", "refused"]
CONTEXTS: Mapping[Kind, str] = {"module": "registry", "industry": "industries"}
DONE: Mapping[Action, Status] = {"create": "created", "update": "updated", "delete": "deleted", "keep": "unchanged"}


class Registered(Protocol):
    """What is registered and not deleted, by id; industries with the list of their current version."""

    async def modules(self) -> Mapping[str, ManifestModule]: ...

    async def industries(self) -> Mapping[str, ManifestIndustry]: ...


class Send(Protocol):
    """Sends a command and waits for its outcome. Raises `Refused` when it is not accepted."""

    async def __call__(self, context: str, aggregate_id: str, command: Any, user_id: str, /) -> Outcome: ...


class ItemResult(Struct, frozen=True):
    kind: Kind
    item_id: str
    status: Status
    why: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.item_id}: {self.status}" + (f" ({self.why})" if self.why else "")


class Report(Struct, frozen=True):
    results: Sequence[ItemResult]
    left_out: Sequence[Mention] = ()

    @property
    def exit_code(self) -> int:
        return EXIT_REFUSED if self.count("refused") else EXIT_APPLIED

    @property
    def summary(self) -> str:
        parts = [f"{self.count('unchanged')} unchanged", f"{self.count('created', 'updated', 'deleted')} changed"]
        if refused := self.count("refused"):
            parts.append(f"{refused} refused")
        if self.left_out:
            parts.append(f"unknown modules left out: {len(self.left_out)}")
        return ", ".join(parts)

    def lines(self) -> Iterator[str]:
        for mention in self.left_out:
            yield f"industry {mention.industry_code}: left out {mention.module_id}, not registered ({mention.place})"
        yield from map(str, self.results)
        yield self.summary

    def count(self, *statuses: Status) -> int:
        return sum(result.status in statuses for result in self.results)


async def apply_manifest(
    manifest: Manifest,
    registered: Registered,
    send: Send,
    *,
    skip_unknown_modules: bool,
    user_id: str,
    deletable: Collection[str] = (),
) -> Report:
    """Make what is registered equal to the manifest, and delete what is `deletable`, by names as `Step.name`.

    Raises `ManifestRefused`, before anything is sent, when an industry names a module that is neither registered nor
    in the manifest, unless `skip_unknown_modules` leaves such entries out.
    """
    industries, modules = await registered.industries(), await registered.modules()
    planned = plan(manifest, modules, industries, skip_unknown_modules=skip_unknown_modules, prune=bool(deletable))
    steps = [step for step in planned.steps if step.after is not None or step.name in deletable]
    results: list[ItemResult] = []
    # Industries after the modules they name, and the reverse when they are deleted.
    for _, group in groupby(steps, key=lambda step: (step.kind, step.after is None)):
        results += await _run(list(group), send, user_id)
    return Report(results, planned.left_out)


async def _run(steps: Sequence[Step], send: Send, user_id: str) -> Sequence[ItemResult]:
    places = asyncio.Semaphore(MAX_UNDER_WAY)

    async def run(step: Step) -> ItemResult:
        async with places:
            return await _apply_step(step, send, user_id)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(run(step)) for step in steps]
    return [task.result() for task in tasks]


async def _apply_step(step: Step, send: Send, user_id: str) -> ItemResult:
    applied = False
    for command in step.commands:
        why = ""
        try:
            outcome = await send(CONTEXTS[step.kind], step.item_id, command, user_id)
            why = _describe_failure(outcome)
            applied = applied or outcome.status == "applied"
        except Refused as refused:
            why = _describe_refusal(refused.refusal())
        if why:
            return ItemResult(
                step.kind, step.item_id, "refused", f"after a part was applied: {why}" if applied else why
            )
    return ItemResult(step.kind, step.item_id, DONE[step.action] if applied else "unchanged")


def _describe_failure(outcome: Outcome) -> str:
    if outcome.status in {"applied", "unchanged"}:
        return ""
    if outcome.status == "pending":
        return f"operation {outcome.operation_id} is not decided yet; apply again to see what became of it"
    if outcome.refusal:
        return _describe_refusal(outcome.refusal)
    return f"operation {outcome.operation_id} failed; apply again"


def _describe_refusal(refusal: Refusal) -> str:
    fields = "; ".join(f"{error.pointer}: {error.message}" for error in refusal.errors)
    return f"{refusal.detail} {fields}" if fields else refusal.detail
