"""Sets of characters in patterns of ECMA-262, written for the engine that runs them."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

LAST = 0x10FFFF
SURROGATES = (0xD800, 0xDFFF)

Range = tuple[int, int]

DIGITS: Sequence[Range] = [(0x30, 0x39)]
WORD: Sequence[Range] = [(0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)]
LINE_ENDS: Sequence[Range] = [(0x0A, 0x0A), (0x0D, 0x0D), (0x2028, 0x2029)]
SPACE: Sequence[Range] = [
    (0x09, 0x0D), (0x20, 0x20), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029), (0x202F, 0x202F),
    (0x205F, 0x205F), (0x3000, 0x3000), (0xFEFF, 0xFEFF),
]  # fmt: skip
OF_LETTERS = {"d": DIGITS, "w": WORD, "s": SPACE}

# All property names of ECMA-262, which are case-sensitive.
CATEGORIES = (
    "Cased_Letter LC Close_Punctuation Pe Connector_Punctuation Pc Control Cc cntrl Currency_Symbol Sc "
    "Dash_Punctuation Pd Decimal_Number Nd digit Enclosing_Mark Me Final_Punctuation Pf Format Cf Initial_Punctuation "
    "Pi Letter L Letter_Number Nl Line_Separator Zl Lowercase_Letter Ll Mark M Combining_Mark Math_Symbol Sm "
    "Modifier_Letter Lm Modifier_Symbol Sk Nonspacing_Mark Mn Number N Open_Punctuation Ps Other C Other_Letter Lo "
    "Other_Number No Other_Punctuation Po Other_Symbol So Paragraph_Separator Zp Private_Use Co Punctuation P punct "
    "Separator Z Space_Separator Zs Spacing_Mark Mc Symbol S Titlecase_Letter Lt Unassigned Cn Uppercase_Letter Lu "
)
BINARY = (
    "ASCII Any Assigned ASCII_Hex_Digit AHex Alphabetic Alpha Bidi_Control Bidi_C Bidi_Mirrored Bidi_M Case_Ignorable "
    "CI Cased Changes_When_Casefolded CWCF Changes_When_Casemapped CWCM Changes_When_Lowercased CWL "
    "Changes_When_Titlecased CWT Changes_When_Uppercased CWU Dash Default_Ignorable_Code_Point DI Deprecated Dep "
    "Diacritic Dia Emoji Emoji_Component EComp Emoji_Modifier EMod Emoji_Modifier_Base EBase Emoji_Presentation EPres "
    "Extended_Pictographic ExtPict Extender Ext Grapheme_Base Gr_Base Grapheme_Extend Gr_Ext Hex_Digit Hex ID_Continue "
    "IDC ID_Start IDS Ideographic Ideo Join_Control Join_C Logical_Order_Exception LOE Lowercase Lower Math "
    "Noncharacter_Code_Point NChar Pattern_Syntax Pat_Syn Pattern_White_Space Pat_WS Quotation_Mark QMark Radical "
    "Regional_Indicator RI Sentence_Terminal STerm Soft_Dotted SD Terminal_Punctuation Term Unified_Ideograph UIdeo "
    "Uppercase Upper Variation_Selector VS White_Space space XID_Continue XIDC XID_Start XIDS "
)
OF_CATEGORY = ("General_Category", "gc")
OF_SCRIPT = ("Script", "sc", "Script_Extensions", "scx")


class Characters(Struct, frozen=True):
    """A set of characters: ranges of code points, and those that a Unicode property has or lacks."""

    ranges: Sequence[Range] = ()
    properties: Sequence[str] = ()
    negated: bool = False

    def __str__(self) -> str:
        """Write the set as a class of the engine; characters outside ASCII letters by number."""
        inside = "".join(_range(*each) for each in without_surrogates(self.ranges)) + "".join(self.properties)
        if not inside:
            return _range(0, LAST, around="[]") if self.negated else _range(0, LAST, around="[^]")
        return f"[{'^' if self.negated else ''}{inside}]"


def single(code: int) -> Characters:
    return Characters([(code, code)])


def inverted(ranges: Sequence[Range]) -> list[Range]:
    found, start = [], 0
    for low, high in sorted(ranges):
        if start < low:
            found.append((start, low - 1))
        start = max(start, high + 1)
    return [*found, (start, LAST)] if start <= LAST else found


def without_surrogates(ranges: Iterable[Range]) -> Iterable[Range]:
    """Leave out surrogates: they are no characters, and in no text."""
    low_end, high_end = SURROGATES
    for low, high in ranges:
        if low < low_end:
            yield low, min(high, low_end - 1)
        if high > high_end:
            yield max(low, high_end + 1), high


def is_known_property(name: str, value: str) -> bool:
    r"""Whether ECMA-262 knows `\p{name}` or `\p{name=value}`. The names of scripts are left to the engine."""
    if name in OF_SCRIPT:
        return value[:1].isupper()
    if name in OF_CATEGORY:
        return value in CATEGORIES.split()
    return not value and (name in (CATEGORIES + BINARY).split())


def _range(low: int, high: int, around: str = "") -> str:
    written = f"\\u{{{low:X}}}" if low == high else f"\\u{{{low:X}}}-\\u{{{high:X}}}"
    return f"{around[:-1]}{written}{around[-1:]}"
