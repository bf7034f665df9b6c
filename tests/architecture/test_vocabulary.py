"""Names in the code are words of the field: what a newcomer would have to guess is not used."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.conftest import ROOT, SRC, sources

WORDS = {
    "bury",
    "desk",
    "distrust",
    "foresee",
    "foreseen",
    "foretell",
    "holders",
    "journal",
    "leftovers",
    "living",
    "meanwhile",
    "misfit",
    "misfits",
    "office",
    "presence",
    "standing",
    "tally",
    "vitals",
}
"""Words that stand for a term of the field, and are in no name."""

FUNCTIONS = {"asked", "found", "plant", "possible", "question", "say", "shown", "told"}
"""Names that say nothing about what a function does."""

ALLOWED = {
    "meanwhile": "a field of the API's 412 answers",
    "living_tokens": "a field of the API's answer to a revocation",
}


def names(tree: ast.Module) -> Iterator[tuple[int, str, bool]]:
    """Every name that a module defines: line, name, and whether it is a function's."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            yield node.lineno, node.name, False
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.lineno, node.name, True
            yield from ((each.lineno, each.arg, False) for each in (*node.args.args, *node.args.kwonlyargs))
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id, False
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.attr, False


def words(name: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)}


def riddles(source: str) -> list[str]:
    return [
        f"{line}: {name}"
        for line, name, is_function in names(ast.parse(source))
        if name not in ALLOWED and (words(name) & WORDS or (is_function and name.strip("_") in FUNCTIONS))
    ]


def test_names_are_words_of_the_field() -> None:
    assert {str(file.relative_to(SRC)): found for file in sources() if (found := riddles(file.read_text()))} == {}


def test_files_are_named_in_words_of_the_field() -> None:
    files = [*sources(), *(ROOT / "web" / "src").rglob("*.ts"), *(ROOT / "web" / "src").rglob("*.tsx")]
    assert [str(file) for file in files if words(Path(file.name).stem) & WORDS] == []


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("def told(): ...", "told"),
        ("def _shown(): ...", "_shown"),
        ("class DeadLetterOffice: ...", "DeadLetterOffice"),
        ("vitals = 1", "vitals"),
        ("self.journal = 1", "journal"),
        ("def f(module_standing): ...", "module_standing"),
    ],
)
def test_a_name_that_has_to_be_guessed_is_found(source: str, name: str) -> None:
    assert riddles(source) == [f"1: {name}"]


@pytest.mark.parametrize("source", ["shown = 1", "def read_back(): ...", "def understanding(): ...", "meanwhile = 1"])
def test_a_plain_name_is_not_found(source: str) -> None:
    assert riddles(source) == []
