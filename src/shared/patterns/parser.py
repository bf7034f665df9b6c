r"""Parse regular expressions of ECMA-262.

They are read as with the flag u, but that what cannot be mistaken needs no escaping, and may have it: `\<` and `]`.
"""

from typing import NoReturn

from shared.patterns.characters import (
    LAST,
    LINE_ENDS,
    OF_LETTERS,
    Characters,
    Range,
    inverted,
    is_known_property,
    single,
)
from shared.patterns.nodes import Atom, Edge, Group, Item, Look, NoPattern, PatternNotTaken, Reference, Repeat

MAX_NESTING = 50
MAX_COUNT = 40
CONTROLS = {"t": 0x09, "n": 0x0A, "v": 0x0B, "f": 0x0C, "r": 0x0D}
LEAD, TRAIL = (0xD800, 0xDBFF), (0xDC00, 0xDFFF)


LOOKS = ("(?=", "(?!", "(?<=", "(?<!")


class Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0
        self._groups = 0
        self._referred = 0

    def read(self) -> list[list[Item]]:
        """Raise `NoPattern`, and `PatternNotTaken` for what is not supported."""
        found = self._alternatives()
        if self._at < len(self._text):
            self._fail("a ) closes nothing")
        if self._referred > self._groups:
            self._fail(f"there is no group {self._referred}")
        return found

    def _fail(self, reason: str) -> NoReturn:
        raise NoPattern(f"{reason} (character {self._at + 1})")

    def _next(self, expected: str) -> bool:
        found = self._text.startswith(expected, self._at)
        self._at += len(expected) if found else 0
        return found

    def _taken(self) -> str:
        if self._at >= len(self._text):
            self._fail("it ends too early")
        self._at += 1
        return self._text[self._at - 1]

    def _alternatives(self) -> list[list[Item]]:
        self._depth += 1
        if self._depth > MAX_NESTING:
            raise PatternNotTaken(f"nests groups more than {MAX_NESTING} deep")
        found: list[list[Item]] = [[]]
        while self._at < len(self._text) and self._text[self._at] != ")":
            if self._next("|"):
                found.append([])
            else:
                found[-1].append(self._repeated(self._item()))
        self._depth -= 1
        return found

    def _item(self) -> Item:
        if self._text[self._at] == "(":
            return self._group()
        if self._count() is not None:
            self._fail("there is nothing that a count could repeat")
        match self._taken():
            case "^" | "$" as edge:
                return Edge(edge)
            case ".":
                return Atom(Characters(LINE_ENDS, negated=True))
            case "[":
                return Atom(self._class())
            case "\\":
                return self._escape()
            case character:
                return Atom(single(ord(character)))

    def _group(self) -> Item:
        for mark in LOOKS:
            if self._next(mark):
                return self._closed(Look(mark, self._alternatives()))
        if self._next("(?<"):
            name = self._until(">", "a group's name has no end")
            if not name.replace("$", "_").isidentifier():
                self._fail("a group has no name that can be one")
            self._groups += 1
        elif self._next("(?"):
            self._mark()
        elif self._next("("):
            self._groups += 1
        return self._closed(Group(self._alternatives()))

    def _mark(self) -> None:
        flags = self._at
        while self._text[self._at : self._at + 1] in tuple("ims-"):
            self._at += 1
        if not self._next(":"):
            self._fail(f"no group begins with (?{self._text[flags : self._at + 1]}")
        if self._at > flags + 1:
            raise PatternNotTaken("has flags of its own, such as (?i:a): write out what they stand for, as in [aA]")

    def _closed(self, item: Item) -> Item:
        if not self._next(")"):
            self._fail("a group has no end")
        return item

    def _until(self, end: str, reason: str) -> str:
        place = self._text.find(end, self._at)
        if place < 0:
            self._fail(reason)
        found, self._at = self._text[self._at : place], place + 1
        return found

    def _repeated(self, item: Item) -> Item:
        count = self._count()
        if count is None:
            return item
        if isinstance(item, Edge | Look):
            self._fail("a count repeats what is no character")
        self._next("?")
        return Repeat(item, *count)

    def _count(self) -> tuple[int, int | None] | None:
        for mark, low in (("*", 0), ("+", 1)):
            if self._next(mark):
                return low, None
        if self._next("?"):
            return 0, 1
        end = self._text.find("}", self._at, self._at + MAX_COUNT)
        low_text, comma, high_text = self._text[self._at + 1 : end].partition(",")
        if not self._text.startswith("{", self._at) or end < 0 or not _is_number(low_text):
            return None
        if comma and high_text and not _is_number(high_text):
            return None
        low = int(low_text)
        high = int(high_text) if high_text else None if comma else low
        if high is not None and high < low:
            self._fail("a count's end is before its beginning")
        self._at = end + 1
        return low, high

    def _class(self) -> Characters:
        negated = self._next("^")
        ranges: list[Range] = []
        properties: list[str] = []
        while not self._next("]"):
            first = self._member()
            if self._text.startswith("-", self._at) and not self._text.startswith("-]", self._at):
                self._at += 1
                second = self._member()
                ends = [each.ranges[0] for each in (first, second) if _is_one(each)]
                if len(ends) == 1 + 1:
                    if ends[0][0] > ends[1][0]:
                        self._fail("a range's end is before its beginning")
                    ranges.append((ends[0][0], ends[1][0]))
                    continue
                # A set cannot end a range, so the hyphen is a character itself.
                ranges += [(ord("-"), ord("-")), *second.ranges]
                properties += second.properties
            ranges += first.ranges
            properties += first.properties
        return Characters(ranges, properties, negated)

    def _member(self) -> Characters:
        character = self._taken()
        if character != "\\":
            return single(ord(character))
        if self._next("b"):
            return single(0x08)
        if self._next("-"):
            return single(ord("-"))
        found = self._escape()
        if not isinstance(found, Atom):
            self._fail("a class holds an escape that is no character")
        return found.characters

    def _escape(self) -> Item:
        character = self._taken()
        if character in "bB":
            return Edge(f"(?-u:\\{character})")
        if character in "123456789":
            self._referred = max(self._referred, int(character))
            return Reference()
        if character == "k":
            if not self._next("<"):
                self._fail("\\k names no group")
            self._until(">", "\\k names no group")
            return Reference()
        return Atom(self._set(character))

    def _set(self, character: str) -> Characters:
        if (ranges := OF_LETTERS.get(character.lower())) is not None:
            return Characters(ranges if character.islower() else inverted(ranges))
        if character in "pP":
            return Characters(properties=[self._property(character)])
        return single(self._code(character))

    def _code(self, character: str) -> int:
        if character in CONTROLS:
            return CONTROLS[character]
        if character == "0" and not self._text[self._at : self._at + 1].isdecimal():
            return 0
        if character == "c":
            letter = self._taken()
            if not (letter.isascii() and letter.isalpha()):
                self._fail("\\c is followed by no letter")
            return ord(letter) % 32
        if character == "x":
            return self._hex(2)
        if character == "u":
            return self._unicode()
        if character.isascii() and character.isalnum():
            self._at -= 1
            self._fail(f"\\{character} means nothing there")
        return ord(character)

    def _unicode(self) -> int:
        if self._next("{"):
            digits = self._until("}", "\\u{ has no end")
            code = int(digits, 16) if _is_hex(digits) else LAST + 1
            if code > LAST:
                self._fail("\\u{ holds no character's number")
            return code
        code = self._hex(4)
        if LEAD[0] <= code <= LEAD[1] and self._text.startswith("\\u", self._at):
            trail = self._text[self._at + 2 : self._at + 6]
            if _is_hex(trail) and TRAIL[0] <= int(trail, 16) <= TRAIL[1]:
                self._at += 6
                return 0x10000 + ((code - LEAD[0]) << 10) + int(trail, 16) - TRAIL[0]
        return code

    def _hex(self, count: int) -> int:
        digits = self._text[self._at : self._at + count]
        if len(digits) < count or not _is_hex(digits):
            self._fail("an escape has too few hexadecimal digits")
        self._at += count
        return int(digits, 16)

    def _property(self, letter: str) -> str:
        inside = self._until("}", "a property has no end") if self._next("{") else ""
        name, _, value = inside.partition("=")
        if not inside.replace("=", "").replace("_", "").isalnum() or not is_known_property(name, value):
            self._fail(f"\\{letter} names no property of characters")
        return f"\\{letter}{{{inside}}}"


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal()


def _is_hex(text: str) -> bool:
    return text != "" and all(each in "0123456789abcdefABCDEF" for each in text)


def _is_one(characters: Characters) -> bool:
    return not characters.properties and len(characters.ranges) == 1 and len(set(characters.ranges[0])) == 1
