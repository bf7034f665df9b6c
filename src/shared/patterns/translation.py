"""Translate patterns of schemas for an engine that runs in linear time, with the same meaning.

That engine cannot look around. Where a pattern does so at a place that is fixed, after ^ or before $, it is written as
several that have to fit, or not to fit, the same text.
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from shared.patterns.characters import Characters
from shared.patterns.nodes import Atom, Edge, Group, Item, Look, NoPattern, PatternNotTaken, Reference, Repeat
from shared.patterns.parser import LOOKS, Reader

MAX_PLACES = 5000
MAX_CASES = 16
MAX_LOOKS = 32
ANYTHING = f"{Characters(negated=True)}*"

REFERS_BACK = "refers back to what a group has taken, which cannot be checked in time in proportion to the text"
LOOKS_AROUND = (
    "looks ahead or behind where that cannot be checked in time in proportion to the text: it may look ahead after ^ "
    "and characters of a fixed number, and behind before $"
)

Sequenced = list[Item]


class Case(Struct, frozen=True):
    """Matches a text in which `rest` and all of `fits` are found, and none of `misses`."""

    rest: str
    fits: Sequence[str] = ()
    misses: Sequence[str] = ()


class Pattern(Struct, frozen=True):
    """Matches what any of its cases matches. `places`: how many characters it may look for at once."""

    cases: Sequence[Case]
    places: int

    @property
    def plain(self) -> str | None:
        """The pattern as a single one; None when it looks around."""
        case = self.cases[0]
        return case.rest if len(self.cases) == 1 and not (case.fits or case.misses) else None

    @property
    def whole(self) -> str:
        """The pattern as a single one. It looks around at the very beginning only, if at all."""
        return "|".join(map(_looking_first, self.cases)) if self.plain is None else self.plain


def _looking_first(case: Case) -> str:
    fits = "".join(f"(?={ANYTHING}(?:{each}))" for each in case.fits)
    misses = "".join(f"(?!{ANYTHING}(?:{each}))" for each in case.misses)
    return f"^{fits}{misses}{ANYTHING}(?:{case.rest})"


def translated(text: str) -> Pattern:
    """Translate a pattern of ECMA-262 for the engine. Raises `NoPattern` and `PatternNotTaken`."""
    alternatives = Reader(text).read()
    places = _places(alternatives)
    if places > MAX_PLACES:
        raise PatternNotTaken(f"may look for more than {MAX_PLACES:,} characters at once: repeat less often")
    if sum(map(text.count, LOOKS)) > MAX_LOOKS:
        raise PatternNotTaken(f"looks around at more than {MAX_LOOKS} places")
    if not any(map(_looks, alternatives)):
        return Pattern([Case(_written(alternatives))], places)
    cases: list[Case] = []
    for flat in _spread(alternatives):
        cases.append(_case(flat))
        if len(cases) > MAX_CASES:
            raise PatternNotTaken(f"looks around in more than {MAX_CASES} alternatives")
    return Pattern(cases, places * len(cases))


def is_pattern(text: str) -> bool:
    """Whether a text is a regular expression of ECMA-262, supported here or not."""
    try:
        Reader(text).read()
    except NoPattern:
        return False
    except PatternNotTaken:
        return True
    return True


def _places(alternatives: Sequence[Sequenced]) -> int:
    return sum(_item_places(item) for sequence in alternatives for item in sequence)


def _item_places(item: Item) -> int:
    match item:
        case Group(alternatives) | Look(_, alternatives):
            return 1 + _places(alternatives)
        case Repeat(inner, low, high):
            return _item_places(inner) * max(low + 1 if high is None else high, 1)
        case _:
            return 1


def _looks(sequence: Sequenced) -> bool:
    return any(map(_item_looks, sequence))


def _item_looks(item: Item) -> bool:
    match item:
        case Look():
            return True
        case Group(alternatives):
            return any(map(_looks, alternatives))
        case Repeat(inner):
            return _item_looks(inner)
        case _:
            return False


def _spread(alternatives: Sequence[Sequenced]) -> Iterator[Sequenced]:
    """Replace groups that look around by their alternatives."""
    for sequence in alternatives:
        for place, item in enumerate(sequence):
            if isinstance(item, Group) and _item_looks(item):
                before, after = sequence[:place], sequence[place + 1 :]
                yield from _spread([[*before, *inner, *after] for inner in item.alternatives])
                break
        else:
            yield sequence


def _case(sequence: Sequenced) -> Case:
    looks = [(place, item) for place, item in enumerate(sequence) if isinstance(item, Look)]
    fits: list[str] = []
    misses: list[str] = []
    for place, look in looks:
        before, after = _plain(sequence[:place]), _plain(sequence[place + 1 :])
        inside: Item = Group(look.alternatives)
        is_behind = look.mark.startswith("(?<")
        fixed, edge = (after[:-1], after[-1:]) if is_behind else (before[1:], before[:1])
        if edge != [Edge("$" if is_behind else "^")] or not all(map(_is_fixed, fixed)) or _item_looks(inside):
            raise PatternNotTaken(LOOKS_AROUND)
        (misses if look.mark.endswith("!") else fits).append(
            _written([[inside, *after]] if is_behind else [[*before, inside]])
        )
    return Case(_written([_plain(sequence)]), fits, misses)


def _plain(sequence: Sequenced) -> Sequenced:
    return [item for item in sequence if not isinstance(item, Look)]


def _is_fixed(item: Item) -> bool:
    """Whether it always takes the same number of characters."""
    match item:
        case Atom() | Edge():
            return True
        case Repeat(Atom(), low, high):
            return low == high
        case _:
            return False


def _written(alternatives: Sequence[Sequenced]) -> str:
    return "|".join("".join(map(_item_written, sequence)) for sequence in alternatives)


def _item_written(item: Item) -> str:
    match item:
        case Atom(characters):
            return str(characters)
        case Edge(text):
            return text
        case Group(alternatives):
            return f"(?:{_written(alternatives)})"
        case Repeat(inner, low, high):
            bounds = str(low) if low == high else f"{low},{'' if high is None else high}"
            written = _item_written(inner)
            return f"(?:{written}){{{bounds}}}" if isinstance(inner, Repeat) else f"{written}{{{bounds}}}"
        case Reference():
            raise PatternNotTaken(REFERS_BACK)
        case Look():
            raise PatternNotTaken(LOOKS_AROUND)
