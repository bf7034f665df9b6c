"""Compare items field by field: as a document for programs, as lines for people."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import asdict

from app.manifest.model import ManifestEntry
from app.manifest.plan import Action, Kind, Step
from shared.json.patches import same_json

MAX_SHOWN = 120


class FieldChange(Struct, frozen=True, omit_defaults=True):
    """One changed value. Inside documents `field` is a path, as in `default_config/reorder/days`."""

    field: str
    before: Any | UnsetType = UNSET
    after: Any | UnsetType = UNSET


class Moved(Struct, frozen=True):
    """A module of a template at another place in the order, counted from 1."""

    module_id: str
    before: int
    after: int


class EntryChange(Struct, frozen=True):
    module_id: str
    changes: Sequence[FieldChange]


class ListChange(Struct, frozen=True):
    """`moved` names the fewest modules that explain the new order."""

    added: Sequence[str]
    removed: Sequence[str]
    changed: Sequence[EntryChange]
    moved: Sequence[Moved]


class ItemChange(Struct, frozen=True):
    """`refused` is why the step will be refused, as far as that can be foreseen."""

    kind: Kind
    item_id: str
    action: Action
    fields: Sequence[FieldChange] = ()
    modules: ListChange | None = None
    refused: str | None = None

    def lines(self) -> Iterator[str]:
        yield f"{self.kind} {self.item_id}: {self.action}" + (f" (refused: {self.refused})" if self.refused else "")
        for change in self.fields:
            yield f"  {change.field}: {format_change(change)}"
        if self.modules is not None:
            yield from (f"  modules: + {module_id}" for module_id in self.modules.added)
            yield from (f"  modules: - {module_id}" for module_id in self.modules.removed)
            for entry in self.modules.changed:
                yield from (
                    f"  modules: ~ {entry.module_id} {each.field}: {format_change(each)}" for each in entry.changes
                )
            for moved in self.modules.moved:
                yield f"  modules: ~ {moved.module_id} moves from place {moved.before} to {moved.after}"


def change_of(step: Step, refused: str | None = None) -> ItemChange:
    """Return what a step changes; of a created or deleted item, no fields."""
    if step.before is None or step.after is None:
        return ItemChange(step.kind, step.item_id, step.action, refused=refused)
    before, after = asdict(step.before), asdict(step.after)
    fields = [
        change for name in after if name != "modules" for change in field_changes(name, before[name], after[name])
    ]
    listed = list_change(before["modules"], after["modules"]) if "modules" in after else None
    return ItemChange(step.kind, step.item_id, step.action, fields, listed, refused)


def field_changes(field: str, before: Any, after: Any) -> Iterator[FieldChange]:
    """Yield the smallest parts in which two JSON values differ; lists are compared whole."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*before, *(key for key in after if key not in before)]:
            yield from field_changes(f"{field}/{key}", before.get(key, UNSET), after.get(key, UNSET))
    elif before is UNSET or after is UNSET or not same_json(before, after):
        yield FieldChange(field, before, after)


def list_change(before: Sequence[ManifestEntry], after: Sequence[ManifestEntry]) -> ListChange | None:
    old = {entry.module_id: entry for entry in before}
    new = {entry.module_id: entry for entry in after}
    changed = [
        EntryChange(module_id, changes)
        for module_id, entry in new.items()
        if module_id in old and (changes := list(_entry_changes(old[module_id], entry)))
    ]
    change = ListChange(
        added=[module_id for module_id in new if module_id not in old],
        removed=[module_id for module_id in old if module_id not in new],
        changed=changed,
        moved=list(moves(list(old), list(new))),
    )
    return change if any(asdict(change).values()) else None


def _entry_changes(before: ManifestEntry, after: ManifestEntry) -> Iterator[FieldChange]:
    was = asdict(before)
    for name, value in asdict(after).items():
        yield from field_changes(name, was[name], value)


def moves(before: Sequence[str], after: Sequence[str]) -> Iterator[Moved]:
    """Yield the fewest moves that bring the common names of `before` into the order of `after`."""
    places = {name: place for place, name in enumerate(before, 1)}
    common = [(name, place) for place, name in enumerate(after, 1) if name in places]
    staying = longest_increasing([places[name] for name, _ in common])
    for name, place in common:
        if places[name] not in staying:
            yield Moved(name, places[name], place)


def longest_increasing(numbers: Sequence[int]) -> set[int]:
    tails: list[int] = []
    earlier: dict[int, int | None] = {}
    for number in numbers:
        place = bisect_left(tails, number)
        earlier[number] = tails[place - 1] if place else None
        tails[place : place + 1] = [number]
    longest: set[int] = set()
    last = tails[-1] if tails else None
    while last is not None:
        longest.add(last)
        last = earlier[last]
    return longest


def format_change(change: FieldChange) -> str:
    return f"{format_value(change.before)} → {format_value(change.after)}"


def format_value(value: Any) -> str:
    if value is UNSET:
        return "(none)"
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"
