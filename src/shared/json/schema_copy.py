"""Copy a schema: only what has an effect in its dialect, self-contained, with patterns for a linear engine.

So what was counted and judged is what runs, whatever else a validator would make of the names in a schema.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from shared.errors import FieldError
from shared.json.documents import json_pointer
from shared.json.schema_cost import SchemaCost
from shared.json.schema_dialects import ASSERTIONS, MANY, ONE, Dialect
from shared.json.schema_places import Path, Place, Places, children
from shared.patterns.nodes import NoPattern, PatternNotTaken
from shared.patterns.translation import Pattern, translated

# The translation of \b and \B, which not every engine supports; no other pattern contains this text.
EDGE_OF_WORD = "(?-u:"
MAX_PATTERNS = 64
MAX_PATTERN_LENGTH = 10_000
MAX_PLACES = 10_000

TOO_MANY = f"has more than {MAX_PATTERNS} patterns, or more than {MAX_PLACES:,} characters in them to look for"
TOO_LONG = f"is a pattern of more than {MAX_PATTERN_LENGTH:,} characters"
EDGE_IN_NAME = "asks for the edge of a word, which a pattern for names of keys cannot do in this schema"


class SchemaCopy:
    """The copy of a schema, as `document`.

    `patterns` and `looking` give the original of a pattern of the copy, by its text, and by the format it became
    because it looks around, which names of keys cannot become; `sources` where all those texts are from, their parts
    among them. `flaws` are patterns that cannot be used.
    """

    def __init__(self, places: Places, cost: SchemaCost, dialect: Dialect) -> None:
        self.flaws: list[FieldError] = []
        self.patterns: dict[str, str] = {}
        self.has_looking_names = False
        self.looking: dict[str, tuple[str, Pattern]] = {}
        self.sources: dict[str, Path] = {}
        self._places = places
        self._dialect = dialect
        self._characters = 0
        self._with_edges: list[Path] = []
        reachable = set(cost.paths)
        referred = [path for path in dict.fromkeys(places.referred) if path in reachable and path]
        self._names = {path: str(number) for number, path in enumerate(referred)}
        self.document: dict[str, Any] = {}
        self.document.update(self._copied((), is_whole=True))
        if self._names:
            self.document[dialect.definitions] = {
                name: self._copied(path, is_whole=True) for path, name in self._names.items()
            }
        if len(self.patterns) + len(self.looking) > MAX_PATTERNS or self._characters > MAX_PLACES:
            self.flaws.append(FieldError("", TOO_MANY))
        if self.has_looking_names or not dialect.has_plain_names:
            for path in self._with_edges:
                self._refuse(path, EDGE_IN_NAME)

    def _copied(self, path: Path, *, is_whole: bool = False) -> Any:
        place = self._places.by_path[path]
        if not isinstance(place.schema, dict):
            return place.schema
        if not is_whole and path in self._names:
            return self._reference(path)
        references = [self._reference(target) for target in place.leads_to.values()]
        if self._dialect.is_only_reference(place.schema):
            return references[0]
        copy = {
            keyword: value if keyword in ASSERTIONS else self._held(keyword, value, (*path, keyword))
            for keyword, value in place.schema.items()
            if keyword in ASSERTIONS or (keyword in ONE | MANY and self._dialect.knows(keyword))
        }
        beside = [*references, *self._own_pattern(place.schema, copy, path)]
        if beside and "$ref" in (first := {} if isinstance(beside[0], bool) else beside[0]):
            copy |= first
            del beside[0]
        if beside:
            copy["allOf"] = [*copy.get("allOf", ()), *beside]
        return copy

    def _own_pattern(self, schema: Mapping[str, Any], copy: dict[str, Any], path: Path) -> Iterator[Any]:
        if not isinstance(text := schema.get("pattern"), str):
            return
        if (pattern := self._pattern(text, (*path, "pattern"))) is None:
            return
        if (plain := pattern.plain) is not None and EDGE_OF_WORD not in plain:
            copy["pattern"] = self._unlike_others(plain, text)
        else:
            yield {"format": self._format(text, pattern)}

    def _reference(self, path: Path) -> Any:
        target = self._places.by_path[path].schema
        if not isinstance(target, dict):
            return target
        return {"$ref": f"#/{self._dialect.definitions}/{self._names[path]}" if path else "#"}

    def _held(self, keyword: str, value: Any, path: Path) -> Any:
        if keyword in ONE and isinstance(value, dict | bool):
            return self._copied(path)
        if isinstance(value, list):
            return [self._copied((*path, place)) for place in range(len(value))]
        if keyword == "patternProperties":
            return self._by_pattern(value, path)
        return {
            name: self._copied((*path, name)) if isinstance(child, dict | bool) else child
            for name, child in children(value)
        }

    def _by_pattern(self, value: Mapping[str, Any], path: Path) -> Mapping[str, Any]:
        found: dict[str, Any] = {}
        for name in value:
            if (pattern := self._pattern(name, (*path, name))) is None:
                continue
            if pattern.plain is None:
                self.has_looking_names = True
            if EDGE_OF_WORD in pattern.whole:
                self._with_edges.append((*path, name))
            found[self._unlike_others(pattern.whole, name)] = self._copied((*path, name))
        return found

    def _pattern(self, text: str, path: Path) -> Pattern | None:
        """Translate the pattern. None when it cannot be used."""
        pattern = judged(text)
        if isinstance(pattern, str):
            self._refuse(path, pattern)
            return None
        self._characters += pattern.places
        self.sources |= {each: path for case in pattern.cases for each in (case.rest, *case.fits, *case.misses)}
        return pattern

    def _unlike_others(self, pattern: str, text: str) -> str:
        """Make the pattern of the copy stand for this one alone."""
        while self.patterns.get(pattern, text) != text:
            pattern = f"(?:{pattern})"
        self.patterns[pattern] = text
        return pattern

    def _format(self, text: str, pattern: Pattern) -> str:
        for name, (known, _) in self.looking.items():
            if known == text:
                return name
        name = f"pattern {len(self.looking)}"
        self.looking[name] = (text, pattern)
        return name

    def _refuse(self, path: Path, message: str) -> None:
        self.flaws.append(FieldError(json_pointer(path), message))


def judged(text: str) -> Pattern | str:
    if len(text) > MAX_PATTERN_LENGTH:
        return TOO_LONG
    try:
        return translated(text)
    except NoPattern as wrong:
        return f"is no regular expression of ECMA-262: {wrong}"
    except PatternNotTaken as reason:
        return f"is a pattern that is not taken: it {reason}"


def patterns_of(place: Place) -> Iterator[tuple[str, Path]]:
    if isinstance(place.schema, dict):
        if isinstance(text := place.schema.get("pattern"), str):
            yield text, (*place.path, "pattern")
        if isinstance(names := place.schema.get("patternProperties"), dict):
            yield from ((name, (*place.path, "patternProperties", name)) for name in names)
