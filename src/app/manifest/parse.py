"""Parse YAML and JSON into plain values, with the line of each, and refuse what JSON could not say."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from typing import Any, TypeAlias

import yaml
from msgspec import Struct

SUFFIXES = (".yaml", ".yml", ".json")
MAX_DEPTH = 40
MAX_REPEATED = 100_000
MAX_REPEATED_CHARACTERS = 8 * 1024 * 1024
MAX_SHOWN = 100
_MAX_INTEGER, _MIN_INTEGER = 2**64 - 1, -(2**63)
_TAG = "tag:yaml.org,2002:"
_MERGE = f"{_TAG}merge"
_DECODED = "decoded"  # the tag of a scalar whose value is JSON's, not a text to be resolved
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?[0-9]+\.[0-9]*(?:[eE][-+]?[0-9]+)?")
# Numbers in YAML 1.2, and text in YAML 1.1, which the library reads.
NUMBER_ELSEWHERE = re.compile(r"[-+]?(?:[0-9]+[eE][-+]?[0-9]+|[0-9]*\.[0-9]+[eE][0-9]+|0o[0-7]+)")
_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")
_JSON_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[-+.\w]+|[\[\]{}]|\n')
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Path: TypeAlias = tuple[str | int, ...]


class Flaw(Struct, frozen=True):
    """One error, on a line counted from 1; `path` is empty when the text itself cannot be read."""

    line: int
    path: Path
    message: str


class Document(Struct, frozen=True):
    """A plain value with the line of each part by its path. At the paths in `unusable`, None stands for a flaw."""

    value: Any
    lines: Mapping[Path, int]
    unusable: AbstractSet[Path]

    def line(self, path: Path) -> int:
        return self.lines[path] if path in self.lines else self.line(path[:-1])

    def is_usable(self, path: Path) -> bool:
        return not self.unusable or not any(path[:depth] in self.unusable for depth in range(len(path) + 1))

    def has_flaw(self, path: Path) -> bool:
        return any(each[: len(path)] == path for each in self.unusable)


class Unreadable(Exception):  # noqa: N818 - an answer about a text, with everything that hinders reading it
    """The text is not YAML or JSON, or would exhaust memory or the stack."""

    def __init__(self, flaws: Sequence[Flaw]) -> None:
        super().__init__(f"{len(flaws)} flaws")
        self.flaws = flaws


def parse(text: str, suffix: str) -> tuple[Sequence[Document], Sequence[Flaw]]:
    """Parse a text by its file's suffix; without one, as JSON or YAML. Raises `Unreadable`.

    Documents without content are left out. Aliases and merge keys are written out.
    """
    walk = _Walk()
    documents = [walk.document(node) for node in _compose(text, suffix)]
    return [each for each in documents if each.value is not None or each.unusable], walk.flaws


def _compose(text: str, suffix: str) -> Sequence[yaml.Node]:
    if suffix == ".json":
        return [_compose_json(text)]
    if suffix not in SUFFIXES and text.lstrip().startswith("{"):
        with suppress(Unreadable):
            return [_compose_json(text)]
    return _compose_yaml(text)


def _compose_yaml(text: str) -> Sequence[yaml.Node]:
    try:
        # The depth is checked on the flat events: the composer would recurse into any depth.
        depth = 0
        for event in yaml.parse(text, Loader=_LOADER):
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                raise Unreadable([_too_deep(_line(event))])
        return list(yaml.compose_all(text, Loader=_LOADER))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        # An error about a forbidden character has a position and no mark.
        line = mark.line + 1 if mark else text[: getattr(error, "position", 0)].count("\n") + 1
        reason = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise Unreadable([Flaw(line, (), f"not YAML: {reason}")]) from error


def _compose_json(text: str) -> Any:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        raise Unreadable([Flaw(error.lineno, (), f"not JSON: {error.msg}")]) from error
    except (RecursionError, ValueError) as error:
        message = "not JSON: nested too deeply, or a number with thousands of digits"
        raise Unreadable([Flaw(1, (), message)]) from error
    # The text is valid JSON now, so commas and colons can be ignored.
    line, root = 0, yaml.SequenceNode("", [])
    unclosed: list[Any] = [root]
    for match in _JSON_TOKEN.finditer(text):
        match match[0]:
            case "\n":
                line += 1
            case "]":
                unclosed.pop()
            case "}":
                mapping = unclosed.pop()
                mapping.value = list(zip(mapping.value[::2], mapping.value[1::2], strict=True))
            case part:
                node = _json_node(part, yaml.Mark("", 0, line, 0, None, 0))
                unclosed[-1].value.append(node)
                if isinstance(node, yaml.CollectionNode):
                    unclosed.append(node)
    return next(iter(root.value))


def _json_node(text: str, mark: yaml.Mark) -> yaml.Node:
    if text == "{":
        return yaml.MappingNode(f"{_TAG}map", [], mark)
    if text == "[":
        return yaml.SequenceNode(f"{_TAG}seq", [], mark)
    value: Any = json.loads(text)
    return yaml.ScalarNode(f"{_TAG}str" if isinstance(value, str) else _DECODED, value, mark, style='"')


def _line(part: Any) -> int:
    return int(part.start_mark.line) + 1


def _too_deep(line: int) -> Flaw:
    return Flaw(line, (), f"nested more than {MAX_DEPTH} levels deep")


class _Walk:
    def __init__(self) -> None:
        self.flaws: list[Flaw] = []
        self._lines: dict[Path, int] = {}
        self._unusable: set[Path] = set()
        self._seen: set[int] = set()
        self._repeated, self._repeated_characters = 0, 0

    def document(self, node: yaml.Node) -> Document:
        self._lines, self._unusable = {}, set()
        return Document(self._value(node, (), 0), self._lines, self._unusable)

    def _value(self, node: yaml.Node, path: Path, depth: int) -> Any:
        self._lines[path] = line = _line(node)
        self._bound_repetition(node, line, depth)
        if isinstance(node, yaml.MappingNode) and node.tag == f"{_TAG}map":
            return self._mapping(node, path, depth)
        if isinstance(node, yaml.SequenceNode) and node.tag == f"{_TAG}seq":
            return [self._value(item, (*path, place), depth + 1) for place, item in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, line, path)
        return self._refuse(line, path, f"the tag {node.tag} is not allowed")

    def _bound_repetition(self, node: yaml.Node, line: int, depth: int) -> None:
        # Aliases of aliases can expand to millions of values, and an alias inside its own target to infinitely many.
        if id(node) in self._seen:
            self._repeated += 1
            self._repeated_characters += len(node.value) if isinstance(node, yaml.ScalarNode) else 0
        self._seen.add(id(node))
        if self._repeated > MAX_REPEATED or self._repeated_characters > MAX_REPEATED_CHARACTERS:
            raise Unreadable([*self.flaws, Flaw(line, (), "aliases (*name) make too much of it: write it out")])
        if depth > MAX_DEPTH:
            raise Unreadable([*self.flaws, _too_deep(line)])

    def _mapping(self, node: yaml.MappingNode, path: Path, depth: int) -> dict[str, Any]:
        values: dict[str, Any] = {}
        merged = [each for key, value in node.value if key.tag == _MERGE for each in self._merged(key, value, path)]
        # The mapping's own keys win, then the mapping merged first.
        for each in reversed(merged):
            inherited = self._value(each, path, depth + 1)
            values.update(inherited if isinstance(inherited, dict) else {})
        self._lines[path] = _line(node)
        key_lines: dict[str, int] = {}
        for key, value in node.value:
            if key.tag != _MERGE and self._is_key(key, path, key_lines):
                key_lines[key.value] = _line(key)
                values[key.value] = self._value(value, (*path, key.value), depth + 1)
        return values

    def _merged(self, key: yaml.Node, value: yaml.Node, path: Path) -> Sequence[yaml.MappingNode]:
        named = value.value if isinstance(value, yaml.SequenceNode) else [value]
        mappings = [each for each in named if isinstance(each, yaml.MappingNode)]
        if len(mappings) != len(named):
            self._add_flaw(_line(key), path, "<< takes a mapping, or a list of mappings")
        return mappings

    def _is_key(self, key: yaml.Node, path: Path, key_lines: Mapping[str, int]) -> bool:
        if key.tag != f"{_TAG}str":
            self._add_flaw(_line(key), path, f"the key {_written(key)} is not text: quote it")
            return False
        if key.value in key_lines:
            self._add_flaw(_line(key), (*path, key.value), f"given twice, first on line {key_lines[key.value]}")
        return self._checked(_line(key), path, key.value) is not None

    def _scalar(self, node: yaml.ScalarNode, line: int, path: Path) -> Any:
        kind, text = node.tag.removeprefix(_TAG), node.value
        if kind == "str" and not node.style and NUMBER_ELSEWHERE.fullmatch(text):
            kind = "a number elsewhere"
        if kind in {"str", _DECODED}:
            return self._checked(line, path, text)
        if kind == "null":
            return None
        if kind == "bool" and text.lower() in {"true", "false"}:
            return text.lower() == "true"
        if kind == "int" and _INTEGER.fullmatch(text) and len(text) <= len(str(_MIN_INTEGER)):
            return self._checked(line, path, int(text))
        if kind == "float" and _FLOAT.fullmatch(text):
            return self._checked(line, path, float(text))
        advice = "write true or false, or quote it" if kind == "bool" else "quote it if it is text"
        return self._refuse(line, path, f"{_written(node)} would be read as {kind}: {advice}")

    def _checked(self, line: int, path: Path, value: Any) -> Any:
        if isinstance(value, str) and _NOT_STORABLE.search(value):
            return self._refuse(line, path, "holds a NUL or half a surrogate pair, which cannot be stored")
        if isinstance(value, float) and not math.isfinite(value):
            return self._refuse(line, path, "is no finite number")
        if type(value) is int and not _MIN_INTEGER <= value <= _MAX_INTEGER:
            return self._refuse(line, path, "is a number of more than 64 bits: quote it")
        return value

    def _refuse(self, line: int, path: Path, message: str) -> None:
        self._unusable.add(path)
        self._add_flaw(line, path, message)

    def _add_flaw(self, line: int, path: Path, message: str) -> None:
        # Report a flaw once, not again for each alias of its value.
        if not self._repeated or not any(each.line == line and each.message == message for each in self.flaws):
            self.flaws.append(Flaw(line, path, message))


def _written(node: yaml.Node) -> str:
    return str(node.value)[:60] if isinstance(node, yaml.ScalarNode) else "of several values"


def format_path(path: Path) -> str:
    """Format a path as in `industries[0].modules[2]`; long keys are cut."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part[:MAX_SHOWN]}" for part in path)
    return "".join(parts).removeprefix(".")
