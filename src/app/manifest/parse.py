"""Reads YAML and JSON into values that know their lines, and takes nothing that JSON could not say."""

import json
import math
import re
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import msgspec
import yaml

MAX_DEPTH = 40
MAX_REPEATED = 100_000
MAX_REPEATED_CHARACTERS = 8 * 1024 * 1024
_MAX_INTEGER, _MIN_INTEGER = 2**64 - 1, -(2**63)
_TAG = "tag:yaml.org,2002:"
_MERGE = f"{_TAG}merge"
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?[0-9]+\.[0-9]*(?:[eE][-+]?[0-9]+)?")
# Numbers to YAML 1.2, and to those who write it; to 1.1, which the library reads, they are text.
NUMBER_ELSEWHERE = re.compile(r"[-+]?(?:[0-9]+[eE][-+]?[0-9]+|[0-9]*\.[0-9]+[eE][0-9]+|0o[0-7]+)")
_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")
_JSON_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[-+.\w]+|[\[\]{}]|\n')
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


FLAWED = object()


class Located(msgspec.Struct, frozen=True):
    """A value and the line it starts on, from 1: a scalar, a list of `Located`, or a dict of them by key.

    `FLAWED` stands for a value that could not be taken.
    """

    line: int
    value: Any

    @property
    def is_flawed(self) -> bool:
        """Whether there is a `FLAWED` anywhere in it."""
        if isinstance(self.value, dict):
            return any(child.is_flawed for child in self.value.values())
        if isinstance(self.value, list):
            return any(child.is_flawed for child in self.value)
        return self.value is FLAWED

    def plain(self) -> Any:
        """The value without lines."""
        if isinstance(self.value, dict):
            return {key: child.plain() for key, child in self.value.items()}
        if isinstance(self.value, list):
            return [child.plain() for child in self.value]
        return self.value


class Flaw(msgspec.Struct, frozen=True):
    """What is wrong on a line; `field` is empty where the text itself cannot be read."""

    line: int
    field: str
    message: str


class Text(msgspec.Struct, frozen=True):
    """What a text holds, document by document, and the values in it that cannot be taken."""

    documents: Sequence[Located]
    flaws: Sequence[Flaw]


class Unreadable(Exception):  # noqa: N818 - an answer about a text, with everything that hinders reading it
    """The text is no YAML or JSON, or is made to exhaust its reader."""

    def __init__(self, flaws: list[Flaw]) -> None:
        super().__init__(f"{len(flaws)} flaws")
        self.flaws = flaws


Token: TypeAlias = tuple[str, int]


def read_yaml(text: str) -> Text:
    """The documents that are not empty, aliases and merge keys written out. Raises `Unreadable`."""
    _refuse_depth(text)
    try:
        nodes = list(yaml.compose_all(text, Loader=_LOADER))
    except yaml.YAMLError as error:
        raise _broken_yaml(error, text) from error
    reading = _Reading()
    documents = [reading.yaml_node(node, "") for node in nodes]
    return Text([document for document in documents if document.value is not None], reading.flaws)


def read_json(text: str) -> Text:
    """The one document. Raises `Unreadable`."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        raise Unreadable([Flaw(error.lineno, "", f"not JSON: {error.msg}")]) from error
    except (RecursionError, ValueError) as error:
        raise Unreadable([Flaw(1, "", "not JSON: nested too deeply, or a number with thousands of digits")]) from error
    reading = _Reading()
    tokens = _json_tokens(text)
    document = reading.json_value(next(tokens), tokens, "", 0)
    return Text([document], reading.flaws)


def _refuse_depth(text: str) -> None:
    # from events, which are flat: a text made to exhaust the composer never reaches it
    depth = 0
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                raise Unreadable([_too_deep(_line(event.start_mark))])
    except yaml.YAMLError as error:
        raise _broken_yaml(error, text) from error


def _broken_yaml(error: yaml.YAMLError, text: str) -> Unreadable:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    # a character that YAML does not allow is told by its position alone
    line = _line(mark) if mark else text[: getattr(error, "position", 0)].count("\n") + 1
    what = getattr(error, "problem", None) or str(error).splitlines()[0]
    return Unreadable([Flaw(line, "", f"not YAML: {what}")])


def _line(mark: Any) -> int:
    return int(mark.line) + 1


def _too_deep(line: int) -> Flaw:
    return Flaw(line, "", f"nested more than {MAX_DEPTH} levels deep")


def _json_tokens(text: str) -> Iterator[Token]:
    # the text is known to be JSON: commas and colons carry no news
    line = 1
    for match in _JSON_TOKEN.finditer(text):
        if match[0] == "\n":
            line += 1
        else:
            yield match[0], line


class _Reading:
    """One text on its way to `Located`; collects what is wrong with it."""

    def __init__(self) -> None:
        self.flaws: list[Flaw] = []
        self._seen: set[int] = set()
        self._repeated, self._repeated_characters = 0, 0

    def yaml_node(self, node: yaml.Node, field: str, depth: int = 0) -> Located:
        line = _line(node.start_mark)
        self._bound_repetition(node, line, depth)
        if isinstance(node, yaml.MappingNode) and node.tag == f"{_TAG}map":
            return self._yaml_mapping(node, field, depth)
        if isinstance(node, yaml.SequenceNode) and node.tag == f"{_TAG}seq":
            items = [self.yaml_node(item, f"{field}[{place}]", depth + 1) for place, item in enumerate(node.value)]
            return Located(line, items)
        if isinstance(node, yaml.ScalarNode):
            return self._yaml_scalar(node, field, line)
        return self._flawed(line, field, f"the tag {node.tag} is not allowed")

    def _bound_repetition(self, node: yaml.Node, line: int, depth: int) -> None:
        # a few aliases of aliases are millions of values, and an alias of what it stands in never ends
        if id(node) in self._seen:
            self._repeated += 1
            self._repeated_characters += len(node.value) if isinstance(node, yaml.ScalarNode) else 0
        self._seen.add(id(node))
        if self._repeated > MAX_REPEATED or self._repeated_characters > MAX_REPEATED_CHARACTERS:
            raise Unreadable([*self.flaws, Flaw(line, "", "aliases (*name) make too much of it: write it out")])
        if depth > MAX_DEPTH:
            raise Unreadable([*self.flaws, _too_deep(line)])

    def _yaml_mapping(self, node: yaml.MappingNode, field: str, depth: int) -> Located:
        children: dict[str, Located] = {}
        merged: list[yaml.MappingNode] = []
        for key, value in node.value:
            if key.tag == _MERGE:
                merged += self._merged(key, value, field)
                continue
            if key.tag != f"{_TAG}str":
                self._flawed(_line(key.start_mark), field, f"the key {_shown(key)} is not text: quote it")
                continue
            self._note_key(children, field, Located(_line(key.start_mark), key.value))
            children[key.value] = self.yaml_node(value, _inside(field, key.value), depth + 1)
        for each in merged:
            # what stands here itself counts more, then what was named first
            found = self.yaml_node(each, field, depth + 1).value
            children = {**found, **children} if isinstance(found, dict) else children
        return Located(_line(node.start_mark), children)

    def _merged(self, key: yaml.Node, value: yaml.Node, field: str) -> list[yaml.MappingNode]:
        named = value.value if isinstance(value, yaml.SequenceNode) else [value]
        found = [each for each in named if isinstance(each, yaml.MappingNode)]
        if len(found) != len(named):
            self._flawed(_line(key.start_mark), field, "<< takes a mapping, or a list of mappings")
        return found

    def _yaml_scalar(self, node: yaml.ScalarNode, field: str, line: int) -> Located:
        kind, text = node.tag.removeprefix(_TAG), node.value
        if kind == "str":
            if node.style or not NUMBER_ELSEWHERE.fullmatch(text):
                return self._checked(line, field, text)
            kind = "a number elsewhere"
        if kind == "null":
            return Located(line, None)
        if kind == "bool" and text.lower() in {"true", "false"}:
            return Located(line, text.lower() == "true")
        if kind == "int" and _INTEGER.fullmatch(text) and len(text) <= len(str(_MIN_INTEGER)):
            return self._checked(line, field, int(text))
        if kind == "float" and _FLOAT.fullmatch(text):
            return self._checked(line, field, float(text))
        advice = "write true or false, or quote it" if kind == "bool" else "quote it if it is text"
        return self._flawed(line, field, f"{_shown(node)} would be read as {kind}: {advice}")

    def json_value(self, token: Token, tokens: Iterator[Token], field: str, depth: int) -> Located:
        text, line = token
        if depth > MAX_DEPTH:
            raise Unreadable([*self.flaws, _too_deep(line)])
        if text == "[":
            return Located(line, self._json_list(tokens, field, depth))
        if text == "{":
            return Located(line, self._json_object(tokens, field, depth))
        return self._checked(line, field, json.loads(text))

    def _json_list(self, tokens: Iterator[Token], field: str, depth: int) -> list[Located]:
        items: list[Located] = []
        while (token := next(tokens))[0] != "]":
            items.append(self.json_value(token, tokens, f"{field}[{len(items)}]", depth + 1))
        return items

    def _json_object(self, tokens: Iterator[Token], field: str, depth: int) -> dict[str, Located]:
        children: dict[str, Located] = {}
        while (token := next(tokens))[0] != "}":
            key = Located(token[1], json.loads(token[0]))
            self._note_key(children, field, key)
            children[key.value] = self.json_value(next(tokens), tokens, _inside(field, key.value), depth + 1)
        return children

    def _note_key(self, children: dict[str, Located], field: str, key: Located) -> None:
        self._checked(key.line, field, key.value)
        if key.value in children:
            first = children[key.value].line
            self._flawed(key.line, _inside(field, key.value), f"given twice, first on line {first}")

    def _checked(self, line: int, field: str, value: Any) -> Located:
        if isinstance(value, str) and _NOT_STORABLE.search(value):
            return self._flawed(line, field, "holds a NUL or half a surrogate pair, which cannot be stored")
        if isinstance(value, float) and not math.isfinite(value):
            return self._flawed(line, field, "is no finite number")
        if type(value) is int and not _MIN_INTEGER <= value <= _MAX_INTEGER:
            return self._flawed(line, field, "is a number of more than 64 bits: quote it")
        return Located(line, value)

    def _flawed(self, line: int, field: str, message: str) -> Located:
        flaw = Flaw(line, field, message)
        # told where it stands, not wherever it is repeated
        if not self._repeated or not any(each.line == line and each.message == message for each in self.flaws):
            self.flaws.append(flaw)
        return Located(line, FLAWED)


def _inside(field: str, key: str) -> str:
    return f"{field}.{key[:100]}" if field else key[:100]


def _shown(node: yaml.Node) -> str:
    return str(node.value)[:60] if isinstance(node, yaml.ScalarNode) else "of several values"
