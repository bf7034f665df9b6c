"""Text of users in one form: which names are allowed, when two are equal, how they are searched and sorted.

Names are kept as they are typed, but trimmed and composed (NFC). Characters that nobody can see, or that change how
others are shown, are refused. Names are compared, searched and sorted by what is left without case, compatibility
forms and invisible characters, computed here alone: the database compares the results by bytes, whatever its locale.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

import msgspec
from msgspec import Meta, Struct

from shared.errors import FieldError, Invalid

Kind = Literal["line", "lines", "search"]
Text = TypeVar("Text", bound=Struct)

# Values of `extra` that mark a field's type as text: `Annotated[str, Meta(max_length=200, extra=LINE)]`.
LINE: dict[str, Any] = {"text": "line"}
LINES: dict[str, Any] = {"text": "lines"}
SEARCH: dict[str, Any] = {"text": "search"}

MAX_SEARCH = 1000
"""Characters of a search: any name or e-mail that is kept fits, however it is typed."""
MAX_WORD = 255
MAX_KEY = 200

# Unicode's Default_Ignorable_Code_Point, and two more that are invisible.
IGNORABLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
INVISIBLE = re.compile(f"[{IGNORABLE}\u2800\ufff9-\ufffb]")
UNSEEN = re.compile(f"[{IGNORABLE}]+")
NO_CHARACTER = re.compile(
    f"[\ufdd0-\ufdef{''.join(chr(plane << 16 | end) for plane in range(17) for end in (0xFFFE, 0xFFFF))}]"
)
BLANK = re.compile(f"[\\s{IGNORABLE}\u2800]*")
# The same for patterns in API documents, in a syntax that all engines read.
BLANK_CHARACTERS = (
    r"\s\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164"
    r"\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8"
)
VISIBLE = rf"^[^\x00]*[^\x00{BLANK_CHARACTERS}][^\x00]*$"
"""The pattern of a filter: something to see, and no NUL."""

JOINERS = "\u200c\u200d"
VIRAMA = 9
EMOJI_PARTS = {"So", "Sk"}
KEYCAP, KEYCAP_BASES = "\u20e3", "0123456789#*"
SELECTOR = re.compile("[\ufe00-\ufe0f]")
IDEOGRAPHIC_SELECTOR = re.compile("[\U000e0100-\U000e01ef]")
LETTERS = re.compile("L[ultm]|Nd|M.")

# Unicode classes these as letters and symbols; in names they separate words.
APOSTROPHES = "\u02b9\u02bb\u02bc\u02bd\u02be\u02bf\u02c8\ua78b\ua78c"
DASHES = "\u2212\u2044"
APART = str.maketrans(dict.fromkeys(APOSTROPHES + DASHES, " "))
ALIKE = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "ħ": "h",
        "ŧ": "t",
        "\u0131": "i",
        "æ": "ae",
        "œ": "oe",
        "þ": "th",
        "\u0451": "\u0435",
    }
)
BEFORE_CYRILLIC = "\u0400"
ACCENTS = re.compile("[\u0300-\u036f]+")
NUMBER = re.compile(r"\d+")
LONGEST_NUMBER = 39
LOWEST = "\x01"


class UnreadableText(Invalid):
    """A name is blank or too long, or text has characters that are invisible or change how others are shown."""


def composed(text: str) -> str:
    """Normalize the text for keeping: trimmed, in Unicode's composed form."""
    return unicodedata.normalize("NFC", text.strip()).strip()


def is_blank(text: str) -> bool:
    return BLANK.fullmatch(text) is not None


def flaw_of(text: str, kind: Kind = "line", limit: int | None = None) -> str | None:
    """Return why a composed text cannot be kept; None: it can. Only `line` must have something visible."""
    if limit is not None and len(text) > limit:
        return f"has more than {limit} characters"
    if kind == "line" and (is_blank(text) or unicodedata.category(text[0]).startswith("M")):
        return "has nothing to see" if is_blank(text) else "begins with a mark that belongs on a letter"
    allowed = "\n\r\t" if kind == "lines" else ""
    for place, character in enumerate(text):
        if character not in allowed and is_unfit(text, place):
            return f"has a character that cannot be seen or shown, U+{ord(character):04X}, at place {place + 1}"
    return None


def is_unfit(text: str, place: int) -> bool:
    character = text[place]
    if INVISIBLE.match(character):
        return not belongs(text, place)
    return (
        unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"} or NO_CHARACTER.match(character) is not None
    )


def belongs(text: str, place: int) -> bool:
    """Whether an invisible character is part of how the one before it is written: joiners, and choices of a form."""
    character, before, after = text[place], text[place - 1 : place], text[place + 1 : place + 2]
    if not before:
        return False
    if character in JOINERS:
        joins = unicodedata.combining(before) == VIRAMA or unicodedata.bidirectional(before) == "AL"
        shown = unicodedata.category(before) in EMOJI_PARTS or SELECTOR.match(before) is not None
        return bool(after.strip()) and (joins or (character == "\u200d" and shown))
    if IDEOGRAPHIC_SELECTOR.match(character) or "\u180b" <= character <= "\u180d":
        return unicodedata.category(before) == "Lo"
    if SELECTOR.match(character):
        is_keycap = before in KEYCAP_BASES and after == KEYCAP
        return is_keycap or not (
            INVISIBLE.match(before) or before.isspace() or LETTERS.match(unicodedata.category(before))
        )
    return False


def cleaned(command: Text) -> Text:
    """Normalize the texts of a command. Raises `UnreadableText`, naming every field that cannot be kept."""
    changed, errors = {}, []
    for name, kind, limit in texts_of(type(command)):
        value = getattr(command, name)
        if isinstance(value, str):
            changed[name] = text = composed(value)
            if (flaw := flaw_of(text, kind, limit)) is not None:
                errors.append(FieldError(f"/{name}", flaw))
    if errors:
        raise unreadable(errors)
    return msgspec.structs.replace(command, **changed) if changed else command


def flaws_in(value: Any, pointer: str = "") -> Iterator[tuple[Kind, FieldError]]:
    if not isinstance(value, Struct):
        return
    kinds = {name: (kind, limit) for name, kind, limit in texts_of(type(value))}
    for name in value.__struct_fields__:
        inner = getattr(value, name)
        if name in kinds and isinstance(inner, str):
            kind, limit = kinds[name]
            flaw = (
                ("is empty" if is_blank(inner) else None) if kind == "search" else flaw_of(composed(inner), kind, limit)
            )
            if flaw is not None:
                yield kind, FieldError(f"{pointer}/{name}", flaw)
        elif isinstance(inner, Struct):
            yield from flaws_in(inner, f"{pointer}/{name}")


def unreadable(errors: Sequence[FieldError]) -> UnreadableText:
    names = ", ".join(error.pointer.removeprefix("/") for error in errors)
    return UnreadableText(f"Text must be visible, and names one line of it: {names}. See `errors`.", errors=errors)


@lru_cache
def texts_of(type_: type[Struct]) -> Sequence[tuple[str, Kind, int | None]]:
    """Return the fields of a struct that people read, each with its kind and the characters it may have."""
    fields = ((field.encode_name, meta_of(field.type)) for field in msgspec.structs.fields(type_))
    return [(name, meta.extra["text"], meta.max_length) for name, meta in fields if meta is not None and meta.extra]


def meta_of(type_: Any) -> Meta | None:
    if get_origin(type_) is Annotated:
        metas = [each for each in type_.__metadata__ if isinstance(each, Meta) and "text" in (each.extra or {})]
        return metas[0] if metas else meta_of(get_args(type_)[0])
    return next((meta for part in get_args(type_) if (meta := meta_of(part)) is not None), None)


def convert_text(value: Any, type_: Any) -> Any:
    """Convert with normalized text. Raises `msgspec.ValidationError`."""
    found, meta = msgspec.convert(value, type_), meta_of(type_)
    if meta is None or not meta.extra or not isinstance(found, str):
        return found
    text = composed(found)
    if (flaw := flaw_of(text, meta.extra["text"], meta.max_length)) is not None:
        raise msgspec.ValidationError(f"The text {flaw}")
    return text


def folded(text: str) -> str:
    """Fold case, compatibility forms and invisible characters (Unicode's NFKC_Casefold)."""
    seen = UNSEEN.sub("", text)
    if seen.isascii():
        return seen.lower()
    decomposed = unicodedata.normalize("NFKC", unicodedata.normalize("NFD", seen).casefold())
    return UNSEEN.sub("", unicodedata.normalize("NFKC", decomposed.casefold()))


def comparable(name: str) -> str:
    return " ".join(folded(name).split())


def words(text: str) -> list[str]:
    """Split a text into folded words. Symbols outside ASCII and punctuation are words of one character."""
    plain = folded(text)
    if plain.isascii():
        return [word[:MAX_WORD] for word in re.findall(r"[0-9a-z]+", plain)]
    return [word[:MAX_WORD] for word in "".join(map(apart, plain.translate(APART))).split()]


def apart(character: str) -> str:
    """Return the character where it is part of a word; apart where it is a word; a space where it separates words."""
    class_ = unicodedata.category(character)
    if class_[0] in "LNM":
        return character
    return f" {character} " if class_[0] == "S" and not character.isascii() else " "


def searched_words(q: str, most: int) -> list[str]:
    """Return the words to search for, `most` at most: symbols only where there is nothing else."""
    found = words(q)
    spelled = [word for word in found if unicodedata.category(word[0])[0] != "S"]
    return (spelled or found)[:most]


def search_text(*texts: str | None) -> str:
    return " ".join(word for text in texts if text for word in words(text))


def sort_key(name: str) -> str:
    """Return a key that sorts names by bytes as people do: base letters, numbers by value; then accents, then case."""
    return f"{beginning_key(name)}{LOWEST}{' '.join(words(name))[:MAX_KEY]}{LOWEST}{composed(name)[:MAX_KEY]}"


def beginning_key(text: str) -> str:
    """Return what the sort keys of all names with this beginning begin with, unless it ends within a number."""
    base = "".join(base_of(character) for character in " ".join(words(text)).translate(ALIKE))
    return NUMBER.sub(number_key, ACCENTS.sub("", base))[:MAX_KEY]


def base_of(character: str) -> str:
    """Return the letter without its accents, for scripts whose accented letters sort with the others."""
    if character.isascii():
        return character
    base = unicodedata.normalize("NFD", character)[0]
    return base if base < BEFORE_CYRILLIC else character


def number_key(number: "re.Match[str]") -> str:
    digits = "".join(str(unicodedata.digit(digit)) for digit in number[0]).lstrip("0")
    return chr(ord("0") + min(len(digits), LONGEST_NUMBER)) + digits
