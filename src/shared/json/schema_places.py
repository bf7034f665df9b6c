"""The subschemas of a user's schema under their names, and the references between them.

Only what a keyword holds is a subschema: data such as a default or an enum is none, whatever keys it has.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urljoin

from msgspec import Struct

from shared.errors import FieldError
from shared.json.documents import json_pointer
from shared.json.schema_dialects import (
    DEFINITIONS,
    EITHER,
    EVERY,
    HERE,
    OF_2020,
    REFERENCES,
    UNKNOWN,
    Dialect,
    Keywords,
    dialect_of,
)

OVERLOOKING = (Keywords((), DEFINITIONS),)
ALL = (HERE, EITHER, EVERY, *OVERLOOKING)
# The base URI of a schema without `$id`.
UNNAMED = "https://unnamed.invalid/"
MAX_DIGITS = 6

LEADS_OUT = "leads out of the schema: only references into it are followed, by # or by its own names"
TO_NOTHING = "refers to nothing in this schema"
TO_SEVERAL = "names several places of this schema"
DYNAMIC = "depends on the way that leads to it: name the place once, or refer to it by $ref"

Path = tuple[str | int, ...]


class Place(Struct):
    """A subschema: where it is, the base of its relative names, and where its references lead."""

    schema: Any
    path: Path
    base: str
    leads_to: dict[str, Path]


class Places:
    """All subschemas of a schema, by their path.

    `referred` are the targets of references, `unreferenced` others. `flaws` are references that lead
    nowhere here, and keywords of other dialects.
    """

    def __init__(self, document: Mapping[str, Any], dialect: Dialect) -> None:
        self.flaws: list[FieldError] = []
        self.by_path: dict[Path, Place] = {}
        self.referred: list[Path] = []
        self.unreferenced: list[Place] = []
        self._document = document
        self._dialect = dialect
        self._resources: dict[str, list[Path]] = {UNNAMED: [()]}
        self._anchors: dict[tuple[str, str], list[Path]] = {}
        self._dynamic: dict[str, list[Path]] = {}
        self._unresolved: deque[Place] = deque()
        self._look_around(document, (), UNNAMED)
        while self._unresolved:
            self._resolve(self._unresolved.popleft())
        for place in self.by_path.values():
            for keyword, target in place.leads_to.items():
                if self._depends(keyword, target):
                    self._refuse((*place.path, keyword), DYNAMIC)

    def applied(self, place: Place, keywords: Keywords) -> Iterator[Path]:
        schema = place.schema
        if not isinstance(schema, dict) or self._dialect.is_only_reference(schema):
            return
        for path, _ in held(schema, place.path, keywords):
            if self._dialect.knows(str(path[len(place.path)])):
                yield path

    def _look_around(self, schema: Any, path: Path, base: str) -> None:
        waiting = deque([(schema, path, base)])
        while waiting:
            schema, path, base = waiting.popleft()
            if path in self.by_path:
                continue
            inside = self._noted(schema, path, base)
            if isinstance(schema, dict):
                for keywords in OVERLOOKING if self._dialect.is_only_reference(schema) else ALL:
                    waiting.extend((child, at, inside) for at, child in held(schema, path, keywords))

    def _noted(self, schema: Any, path: Path, base: str) -> str:
        if isinstance(schema, dict):
            base = self._named(schema, path, base)
            self.flaws += [
                FieldError(json_pointer((*path, keyword)), reason)
                for keyword, reason in self._dialect.foreign(schema).items()
            ]
            if path and "$schema" in schema and dialect_of(schema) is not self._dialect:
                self._refuse((*path, "$schema"), UNKNOWN if dialect_of(schema) is None else "is not that of the whole")
        self.by_path[path] = place = Place(schema, path, base, {})
        if isinstance(schema, dict):
            self._unresolved.append(place)
        return base

    def _named(self, schema: Mapping[str, Any], path: Path, base: str) -> str:
        """Note the schema's names. Return the base of the names inside it."""
        name = schema.get(self._dialect.id_keyword)
        if isinstance(name, str) and not (path and self._dialect.is_only_reference(schema)):
            at, _, fragment = name.partition("#")
            if at:
                base = joined(base, at)
                self._resources.setdefault(base, []).append(path)
            if fragment and not fragment.startswith("/"):
                self._anchors.setdefault((base, unquote(fragment)), []).append(path)
        if self._dialect.has_plain_names:
            for keyword in ("$anchor", *(["$dynamicAnchor"] if self._dialect.order == OF_2020 else [])):
                if isinstance(anchor := schema.get(keyword), str):
                    self._anchors.setdefault((base, anchor), []).append(path)
            if isinstance(anchor := schema.get("$dynamicAnchor"), str):
                self._dynamic.setdefault(anchor, []).append(path)
            if schema.get("$recursiveAnchor") is True:
                self._dynamic.setdefault("", []).append(path)
        return base

    def _refuse(self, path: Path, message: str) -> None:
        self.flaws.append(FieldError(json_pointer(path), message))

    def _resolve(self, place: Place) -> None:
        for keyword in REFERENCES:
            reference = place.schema.get(keyword)
            if not isinstance(reference, str) or not self._dialect.knows(keyword):
                continue
            target = self._target(reference, place.base)
            if isinstance(target, str):
                self._refuse((*place.path, keyword), target)
                continue
            place.leads_to[keyword] = target
            self.referred.append(target)

    def _target(self, reference: str, base: str) -> Path | str:
        """Return the path that a reference leads to, or why it leads nowhere."""
        at, _, fragment = reference.partition("#")
        resource = joined(base, at) if at else base
        if resource not in self._resources:
            return LEADS_OUT
        fragment = unquote(fragment)
        if fragment and not fragment.startswith("/"):
            found = self._anchors.get((resource, fragment), [])
        else:
            found = self._resources[resource]
        if len(found) > 1:
            return TO_SEVERAL
        return self._along(found[0], fragment) if found else TO_NOTHING

    def _along(self, path: Path, pointer: str) -> Path | str:
        target, base = self.by_path[path].schema, self.by_path[path].base
        for part in pointer.split("/")[1:] if pointer.startswith("/") else ():
            path = (*path, key_of(part, target))
            target = child_of(target, path[-1])
            if target is None:
                return TO_NOTHING
            base = self.by_path[path].base if path in self.by_path else base
        if not isinstance(target, dict | bool):
            return TO_NOTHING
        if path not in self.by_path:
            # A place that no keyword declares as a subschema becomes one when a reference leads to it.
            self._look_around(target, path, base)
            self.unreferenced.append(self.by_path[path])
        return path

    def _depends(self, keyword: str, target: Path) -> bool:
        schema = self.by_path[target].schema
        if keyword == "$ref" or not isinstance(schema, dict):
            return False
        if keyword == "$recursiveRef":
            name = "" if schema.get("$recursiveAnchor") is True else None
        else:
            name = schema.get("$dynamicAnchor")
        return isinstance(name, str) and len(self._dynamic[name]) > 1


def held(schema: Mapping[str, Any], path: Path, keywords: Keywords) -> Iterator[tuple[Path, Any]]:
    found = [((*path, key), schema.get(key)) for key in keywords.one]
    for key in keywords.many:
        if key != "items" or isinstance(schema.get(key), list):
            found += [((*path, key, name), child) for name, child in children(schema.get(key))]
    return (each for each in found if isinstance(each[1], dict | bool))


def joined(base: str, reference: str) -> str:
    try:
        return urljoin(base, reference)
    except ValueError:
        return reference


def children(value: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        yield from enumerate(value)


def key_of(part: str, target: Any) -> str | int:
    text = part.replace("~1", "/").replace("~0", "~")
    return int(text) if isinstance(target, list) and text.isdecimal() and len(text) <= MAX_DIGITS else text


def child_of(value: Any, key: str | int) -> Any:
    if isinstance(value, dict):
        return value.get(key)
    return value[key] if isinstance(value, list) and isinstance(key, int) and key < len(value) else None
