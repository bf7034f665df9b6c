"""Patterns mean what ECMA-262 says, judged by an engine that was made for it."""

import re

import pytest
import regress
from hypothesis import given
from hypothesis import strategies as st

from shared.json.schemas import JsonSchema, UnusableSchema
from shared.patterns.nodes import NoPattern, PatternNotTaken
from shared.patterns.translation import is_pattern, translated

TEXTS = [
    "", "a", "b", "ab", "aab", "a\n", "\n", "\r", "\u2028", "1", "\u0663", "_", "-", ".", "<", "/", "é", "éa", "aé",
    "\u00a0",
    "\ufeff", "\u212a", "\u017f", "😀", "😀😀", "\x00", "\x08", "^", "$", "]", "}", "{a}", "a{,2}", "foo", "foobar",
    "a b", "Ab1", "x-1",
    "v0", "v1", " ", "a.", "\\", "w", "d", "\u03b1", "Ω",
]  # fmt: skip


def accepts(pattern: str, text: str) -> bool:
    return not JsonSchema({"pattern": pattern}).errors(text)


@pytest.mark.parametrize(
    "pattern",
    [
        r"^\S{1,255}$", r"^\<$", r"^\>$", r"^\d$", r"^\D$", r"^\w+$", r"^\W$", r"^\s$", r"^\S$", r"\bfoo\b", r"\Bo",
        r"a\b", r"é\b", r"^.$",
        r"^[^]$", r"^[]$", r"a[]|b", r"^\/$", r"^\-$", r"^\_$", r"^[\w\-.]+$", r"^[\w-.]+$", r"^[\d-x]$",
        r"^[.-\w]$", r"^\u{1F600}$",
        r"^\uD83D\uDE00$", r"^[\u{1F600}-\u{1F64F}]{2}$", r"^\p{Lu}", r"^\p{Script=Greek}$", r"^\P{L}$",
        r"^[^\p{L}\d]$", r"\ud800",
        r"^[^\ud800-\udfff]$", r"^\x41", r"^\cJ$", r"^[\b]$", r"^\0$", r"^a{,2}$", r"^{a}$", r"^]$", r"^}$",
        r"^x*?$", r"^(?:a{2}){3}$", "^$",
        r"(?<name>a)b", r"^[[:alpha:]]", r"^[a&&b]$", r"^[~~a]$", r"^#", r"^a b$", r"a|", r"^(?:|a)$", r"^\$$",
        r"^\^$", r"^[$^]$", r"^\\$",
        r"^(?!foo).*$", r"^(?=.*[A-Z])(?=.*\d).{3,}$", r"^(?!.*--)[a-z0-9-]*$", r"^v(?!0)\d$", r"^.+(?<!\.)$",
        r"^(?:(?!a)\w|foo)$",
        r"^(?![-.])[\w.-]+(?<![-.])$", r"^(?!a)|b$", r"^(?:(?=a)a|(?!a)[^b])$", r"(?<=foo)$", r"^(?!\s*$)",
    ],
)  # fmt: skip
def test_a_pattern_is_taken_and_finds_what_ecmascript_finds(pattern: str) -> None:
    assert {text: accepts(pattern, text) for text in TEXTS} == {text: found(pattern, text) for text in TEXTS}
    assert is_pattern(pattern)


def found(pattern: str, text: str) -> bool:
    try:
        expected = regress.Regex(pattern, "u")
    except regress.RegressError:
        # what no flag u allows, and nobody can mistake
        expected = regress.Regex(pattern)
    return expected.find(text) is not None


@pytest.mark.parametrize(
    "pattern",
    [
        r"\A", r"a\z", r"a\Z", r"\h", r"\e", r"\G", r"\Qa\E", r"\x4", r"\u12", r"\c1", r"\pL", r"\p{Greek}",
        r"\p{lu}", r"(?i)a", r"(?#x)",
        r"(?P<n>a)", r"(?P=n)", r"(?>a)", r"(?|a)", r"(?(1)a)", r"a**", r"a++", r"{1}", r"*", r"^*", r"(?=a)*",
        r"[b-a]", r"a{2,1}", r"(a", r"a)",
        r"[a", "\\", r"\1", r"\k<n", r"(?<1>a)", r"[\B]", r"[\1]", r"\01",
    ],
)  # fmt: skip
def test_what_other_languages_write_in_patterns_is_told_to_be_none(pattern: str) -> None:
    with pytest.raises(NoPattern):
        translated(pattern)
    assert not is_pattern(pattern)
    assert JsonSchema({"format": "regex"}).errors(pattern)


@pytest.mark.parametrize("pattern", [r"(a)\1", "(?<n>a)\\k<n>", "(?=a)b", "^(a(?!b))*$", "(?i:a)", "(" * 60 + ")" * 60])
def test_a_pattern_that_is_one_but_not_taken_is_told_apart(pattern: str) -> None:
    with pytest.raises(PatternNotTaken):
        translated(pattern)
    assert is_pattern(pattern)
    assert not JsonSchema({"format": "regex"}).errors(pattern)


PIECES = r"""a b 1 - . ^ $ | ( (?: ) [ [^ ] * + ? {1,2} { } (?! (?= (?<! ^(?! \ \d \W \s \b \B \u{61} \x41 \cA \p{L} \<
\- \1 \0 é 😀"""
pieces = st.sampled_from(PIECES.split())


@given(st.lists(pieces, max_size=10).map("".join), st.text(st.sampled_from([*"ab1-.A< \n", "é", "😀"]), max_size=6))
def test_whatever_is_taken_for_a_pattern_finds_what_ecmascript_finds(pattern: str, text: str) -> None:
    try:
        taken = JsonSchema({"pattern": pattern})
    except UnusableSchema as refused:
        assert re.search(r"no regular expression|not taken", str(refused))  # noqa: PT017 - both outcomes are right
        return
    assert (not taken.errors(text)) == found(pattern, text)


@given(st.text(max_size=30))
def test_any_text_is_judged(text: str) -> None:
    try:
        translated(text)
    except (NoPattern, PatternNotTaken) as refused:
        assert is_pattern(text) == isinstance(refused, PatternNotTaken)  # noqa: PT017 - it may be taken as well
