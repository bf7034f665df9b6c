"""The syntax tree of a regular expression."""

from msgspec import Struct

from shared.patterns.characters import Characters


class NoPattern(Exception):  # noqa: N818 - an answer about a text
    """The text is no regular expression of ECMA-262."""


class PatternNotTaken(Exception):  # noqa: N818 - an answer about a text
    """The text is a regular expression, but none that can be checked in linear time."""


class Atom(Struct):
    """Something that takes exactly one character."""

    characters: Characters


class Edge(Struct):
    r"""A place between characters: ^, $, \b or \B."""

    text: str


class Group(Struct):
    alternatives: "list[list[Item]]"


class Look(Struct):
    """A lookahead or a lookbehind."""

    mark: str
    alternatives: "list[list[Item]]"


class Reference(Struct):
    """A reference to what a group has matched."""


class Repeat(Struct):
    """Between `low` and `high` repetitions; None: without bound."""

    item: "Item"
    low: int
    high: int | None


Item = Atom | Edge | Group | Look | Reference | Repeat
