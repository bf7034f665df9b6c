"""How often a JSON Schema may look at one value: the figure that bounds what a check costs."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from msgspec import Struct

from shared.errors import FieldError
from shared.json_documents import json_pointer

DIALECT = "https://json-schema.org/draft/2020-12/schema"
MAX_WAYS = 256
MAX_NODES = 2000
MAX_PATTERNS = 64
DEPTH = 32
MAX_DIGITS = 6


class Keywords(Struct, frozen=True):
    """Keywords that hold one subschema, and those that hold several."""

    one: Sequence[str]
    many: Sequence[str]


HERE = Keywords(("not", "if", "then", "else"), ("allOf", "anyOf", "oneOf", "dependentSchemas", "dependencies"))
# Of these, one at most looks at a child.
EITHER = Keywords(("additionalProperties", "items"), ("prefixItems", "properties"))
# Each of these may look at every child.
EVERY = Keywords(("contains", "propertyNames", "unevaluatedProperties", "unevaluatedItems"), ("patternProperties",))
# These look again at all that stands beside them.
AGAIN = ("unevaluatedProperties", "unevaluatedItems")

Path = tuple[str | int, ...]


class Node(Struct):
    """A subschema: those it applies to the same value, to one child each, and to every child."""

    here: list[int]
    either: list[int]
    every: list[int]
    factor: int = 1

    @property
    def is_leaf(self) -> bool:
        """Whether it applies no other."""
        return not (self.here or self.either or self.every)


class Ways:
    """A schema's subschemas, and how many of them may look at one value at each depth.

    `by_depth` counts from the whole value downwards; its last figure holds for all depths beyond. `flaws` are reasons
    not to use the schema: references that lead out of it, patterns, subschemas or ways without bound.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.flaws: list[FieldError] = []
        self.by_depth: Sequence[int] = (1,)
        self._document = document
        self._anchors: dict[str, tuple[Any, Path]] = {}
        self._numbers: dict[int, int] = {}
        self._nodes: list[Node] = []
        self._found: deque[tuple[Any, Path]] = deque()
        self._patterns = 0
        self._read()

    def _read(self) -> None:
        self._look_for_names()
        self._number(self._document, ())
        while self._found and not self.flaws:
            schema, path = self._found.popleft()
            self._add(schema, path)
            if len(self._nodes) > MAX_NODES or self._patterns > MAX_PATTERNS:
                self._refuse((), f"has more than {MAX_NODES:,} subschemas, or {MAX_PATTERNS} patterns")
        if not self.flaws:
            self._count()

    def _look_for_names(self) -> None:
        dialect = self._document.get("$schema", DIALECT)
        if str(dialect).rstrip("#") != DIALECT:
            self._refuse(("$schema",), f"is not {DIALECT}")
        waiting: deque[tuple[Any, Path]] = deque([(self._document, ())])
        while waiting:
            value, path = waiting.popleft()
            if isinstance(value, dict):
                self._note_names(value, path)
            waiting.extend((child, (*path, key)) for key, child in children(value))

    def _note_names(self, value: Mapping[str, Any], path: Path) -> None:
        if isinstance(anchor := value.get("$anchor"), str):
            self._anchors[anchor] = (value, path)
        for key in ("$dynamicRef", *(["$id"] if path else [])):
            if isinstance(value.get(key), str):
                self._refuse((*path, key), "is not taken here: name subschemas in $defs, and refer to them by $ref")

    def _refuse(self, path: Path, message: str) -> None:
        self.flaws.append(FieldError(json_pointer(path), message))

    def _number(self, schema: Any, path: Path) -> int:
        key = id(schema) if isinstance(schema, dict) else 0
        if key not in self._numbers:
            self._numbers[key] = len(self._numbers)
            self._found.append((schema, path))
        return self._numbers[key]

    def _add(self, schema: Any, path: Path) -> None:
        if not isinstance(schema, dict):
            self._nodes.append(Node([], [], []))
            return
        self._patterns += isinstance(schema.get("pattern"), str) + len(schema.get("patternProperties", ()))
        here = [self._number(*each) for each in applied(schema, path, HERE)]
        if isinstance(reference := schema.get("$ref"), str):
            here += self._referred(reference, (*path, "$ref"))
        either = [self._number(*each) for each in applied(schema, path, EITHER)]
        every = [self._number(*each) for each in applied(schema, path, EVERY)]
        self._nodes.append(Node(here, either, every, 2 ** sum(key in schema for key in AGAIN)))

    def _referred(self, reference: str, path: Path) -> list[int]:
        place, hash_, fragment = reference.partition("#")
        if place or not hash_:
            self._refuse(path, "leads out of the schema: only references that begin with # are followed")
            return []
        target, at = self._target(fragment)
        if not isinstance(target, dict | bool):
            self._refuse(path, "refers to nothing in this schema")
            return []
        return [self._number(target, at)]

    def _target(self, fragment: str) -> tuple[Any, Path]:
        if fragment and not fragment.startswith("/"):
            return self._anchors.get(fragment, (None, ()))
        target: Any = self._document
        path: Path = ()
        for part in fragment.split("/")[1:]:
            path = (*path, key_of(part, target))
            target = child_of(target, path[-1])
        return target, path

    def _count(self) -> None:
        order = self._inward()
        if order is None:
            self._refuse((), "refers to itself without looking any deeper into the value")
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
                self._refuse((), f"could look at one value in more than {MAX_WAYS} ways: simplify it")
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
        """The subschemas, each after all it applies to the same value; None when some apply each other in a circle."""
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


def applied(schema: Mapping[str, Any], path: Path, keywords: Keywords) -> Iterator[tuple[Any, Path]]:
    """The subschemas under these keywords."""
    found = [(schema.get(key), (*path, key)) for key in keywords.one]
    for key in keywords.many:
        found += [(child, (*path, key, name)) for name, child in children(schema.get(key))]
    return (each for each in found if isinstance(each[0], dict | bool))


def children(value: Any) -> Iterator[tuple[str | int, Any]]:
    """The values in an object or array, by key or place."""
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        yield from enumerate(value)


def key_of(part: str, target: Any) -> str | int:
    """A part of a pointer in a reference as the key it means."""
    text = unquote(part).replace("~1", "/").replace("~0", "~")
    return int(text) if isinstance(target, list) and text.isdecimal() and len(text) <= MAX_DIGITS else text


def child_of(value: Any, key: str | int) -> Any:
    """What is there; None when nothing is."""
    if isinstance(value, dict):
        return value.get(key)
    return value[key] if isinstance(value, list) and isinstance(key, int) and key < len(value) else None
