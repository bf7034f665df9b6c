"""Whether a new version of a schema is compatible with programs written for the old one.

Readers of events must be able to read every event of the new schema (`kept_for_readers`); consumers of commands must
accept every command of the old one (`kept_for_writers`). In both cases one schema must allow no more than the other.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from app.apidocs import Schema

LOWER, UPPER = ("minimum", "minLength", "minItems"), ("maximum", "maxLength", "maxItems")
FORMS = ("format", "pattern")
ALTERNATIVES = ("anyOf", "oneOf")


def kept_for_readers(old: Schema, new: Schema) -> list[str]:
    """Return what breaks readers: a field removed, or optional now, or with values that were impossible before."""
    return [*identity(old, new), *within(_Place(new, new), _Place(old, old), "", "may be missing or is gone")]


def kept_for_writers(old: Schema, new: Schema) -> list[str]:
    """Return what breaks writers: a field newly required, a value or a command no longer accepted."""
    return [*identity(old, new), *within(_Place(old, old), _Place(new, new), "", "is newly required")]


def identity(old: Schema, new: Schema) -> Iterator[str]:
    if old.get("$id") != new.get("$id"):
        yield f"is {new.get('$id')} instead of {old.get('$id')}"


class _Place:
    def __init__(self, schema: Any, document: Schema) -> None:
        while isinstance(schema, dict) and "$ref" in schema:
            schema = document["$defs"][schema["$ref"].rpartition("/")[2]]
        self.schema: Schema = schema if isinstance(schema, dict) else {}
        self._document = document

    def at(self, schema: Any) -> "_Place":
        return _Place(schema, self._document)

    @property
    def alternatives(self) -> list["_Place"]:
        for word in ALTERNATIVES:
            if word in self.schema:
                return [each for part in self.schema[word] for each in self.at(part).alternatives]
        return [self]

    @property
    def types(self) -> set[str]:
        """The JSON types it allows; empty: all."""
        types = self.schema.get("type", [])
        return {types} if isinstance(types, str) else set(types)

    @property
    def values(self) -> list[Any] | None:
        return [self.schema["const"]] if "const" in self.schema else self.schema.get("enum")

    @property
    def tag(self) -> Any:
        """The one value of `type` that distinguishes it from its alternatives."""
        values = self.at(self.schema.get("properties", {}).get("type")).values
        return values[0] if values and len(values) == 1 else None


def within(narrow: _Place, wide: _Place, path: str, missing: str) -> list[str]:
    """Return where `narrow` allows a value that `wide` does not. `missing`: the text for fields only one requires."""
    problems: list[str] = []
    for one in narrow.alternatives:
        tries = [_within_one(one, other, path, missing) for other in candidates(one, wide.alternatives)]
        if all(tries):
            nearest = min(tries, key=len, default=[f"{path or '/'}: `{one.tag}` is gone"])
            problems += nearest
    return problems


def candidates(one: _Place, others: Sequence[_Place]) -> list[_Place]:
    if one.tag is None or len(others) == 1:
        return list(others)
    return [other for other in others if other.tag == one.tag]


def _within_one(narrow: _Place, wide: _Place, path: str, missing: str) -> list[str]:
    return [*_types(narrow, wide, path), *_forms(narrow, wide, path), *_parts(narrow, wide, path, missing)]


def _types(narrow: _Place, wide: _Place, path: str) -> Iterator[str]:
    taken = wide.types | ({"integer"} if "number" in wide.types else set())
    if wide.types and (not narrow.types or not narrow.types <= taken):
        yield f"{path or '/'}: {named(narrow.types)} where it is {named(wide.types)}"
    if wide.values is not None and (narrow.values is None or any(value not in wide.values for value in narrow.values)):
        yield f"{path or '/'}: values {narrow.values} where they are {wide.values}"


def named(types: set[str]) -> str:
    return " or ".join(sorted(types)) or "anything"


def _forms(narrow: _Place, wide: _Place, path: str) -> Iterator[str]:
    for word in FORMS:
        if word in wide.schema and wide.schema[word] != narrow.schema.get(word):
            yield f"{path or '/'}: {word} {narrow.schema.get(word)} where it is {wide.schema[word]}"
    for word in (*LOWER, *UPPER):
        mine, theirs = narrow.schema.get(word), wide.schema.get(word)
        if theirs is not None and (mine is None or (mine < theirs if word in LOWER else mine > theirs)):
            yield f"{path or '/'}: {word} {mine} where it is {theirs}"


def _parts(narrow: _Place, wide: _Place, path: str, missing: str) -> Iterator[str]:
    mine, theirs = narrow.schema.get("properties", {}), wide.schema.get("properties", {})
    always = narrow.schema.get("required", ())
    for name in wide.schema.get("required", ()):
        if name not in always:
            yield f"{path}/{name}: {missing}"
    for name in sorted(mine.keys() & theirs.keys()):
        yield from within(narrow.at(mine[name]), wide.at(theirs[name]), f"{path}/{name}", missing)
    if wide.schema.get("additionalProperties") is False:
        yield from (f"{path}/{name}: is not taken any more" for name in sorted(mine.keys() - theirs.keys()))
    for word in ("items", "additionalProperties"):
        if isinstance(wide.schema.get(word), dict):
            yield from within(narrow.at(narrow.schema.get(word)), wide.at(wide.schema[word]), f"{path}/*", missing)
