"""Bound what a check costs: how often a schema may look at one value."""

from collections import deque
from collections.abc import Sequence

from msgspec import Struct

from shared.errors import FieldError
from shared.json.schema_dialects import AGAIN, EITHER, EVERY, HERE
from shared.json.schema_places import Path, Place, Places

MAX_WAYS = 256
MAX_NODES = 2000
DEPTH = 32

TOO_MANY_NODES = f"has more than {MAX_NODES:,} subschemas"


class Node(Struct):
    """A subschema: those it applies to the same value, to one child each, and to every child."""

    here: list[int]
    either: list[int]
    every: list[int]
    factor: int = 1

    @property
    def is_leaf(self) -> bool:
        return not (self.here or self.either or self.every)


class SchemaCost:
    """A schema's subschemas, and how many of them may look at one value at each depth.

    `by_depth` counts from the whole value downwards; its last figure holds for all depths beyond. `paths` lead to all
    that may look at a value at all. `flaws` are reasons not to use the schema: subschemas or ways without bound.
    """

    def __init__(self, places: Places) -> None:
        self.flaws: list[FieldError] = []
        self.by_depth: Sequence[int] = (1,)
        self.paths: list[Path] = []
        self._places = places
        self._numbers: dict[Path | bool, int] = {}
        self._nodes: list[Node] = []
        self._found: deque[Place] = deque()
        self._read()

    def _read(self) -> None:
        self._number(())
        while self._found and not self.flaws:
            self._add(self._found.popleft())
            if len(self._nodes) > MAX_NODES:
                self._refuse(TOO_MANY_NODES)
        if not self.flaws:
            self._count()

    def _refuse(self, message: str) -> None:
        self.flaws.append(FieldError("", message))

    def _number(self, path: Path) -> int:
        place = self._places.by_path[path]
        # All subschemas that are `true` or `false` share one node.
        key = path if isinstance(place.schema, dict) else True
        if key not in self._numbers:
            self._numbers[key] = len(self._numbers)
            self._found.append(place)
        return self._numbers[key]

    def _add(self, place: Place) -> None:
        if not isinstance(place.schema, dict):
            self._nodes.append(Node([], [], []))
            return
        self.paths.append(place.path)
        here, either, every = (
            [self._number(path) for path in self._places.applied(place, keywords)] for keywords in (HERE, EITHER, EVERY)
        )
        here += [self._number(path) for path in place.leads_to.values()]
        self._nodes.append(Node(here, either, every, 2 ** sum(key in place.schema for key in AGAIN)))

    def _count(self) -> None:
        order = self._inward()
        if order is None:
            self._refuse("refers to itself without looking any deeper into the value")
            return
        counts = [0] * len(self._nodes)
        by_depth: list[int] = []
        inner = [number for number in order if not self._nodes[number].is_leaf]
        for depth in range(DEPTH + 1):
            below, counts = counts, [0 if depth else 1] * len(self._nodes)
            for number in inner:
                counts[number] = self._looks(self._nodes[number], depth, counts, below)
            by_depth.append(counts[0])
            if max(counts) > MAX_WAYS:
                self._refuse(f"could look at one value in more than {MAX_WAYS} ways: simplify it")
                return
            if depth and counts == below:
                break
        self.by_depth = by_depth

    def _looks(self, node: Node, depth: int, counts: Sequence[int], below: Sequence[int]) -> int:
        looks = sum(counts[each] for each in node.here)
        if depth == 0:
            looks += 1
        else:
            looks += max((below[each] for each in node.either), default=0) + sum(below[each] for each in node.every)
        return min(looks * node.factor, MAX_WAYS + 1)

    def _inward(self) -> list[int] | None:
        """Order the subschemas, each after all it applies to the same value; None when there is a circle."""
        users: list[list[int]] = [[] for _ in self._nodes]
        waiting = [len(node.here) for node in self._nodes]
        for number, node in enumerate(self._nodes):
            for each in node.here:
                users[each].append(number)
        order = [number for number, count in enumerate(waiting) if count == 0]
        for number in order:
            for user in users[number]:
                waiting[user] -= 1
                if waiting[user] == 0:
                    order.append(user)
        return order if len(order) == len(self._nodes) else None
