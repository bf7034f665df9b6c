"""Reads the sources for the architecture tests."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src"
WEB = ROOT / "web" / "src"
CONTEXTS = ("access", "assignments", "bulk", "industries", "organizations", "registry")


def sources(root: Path = SRC) -> Iterator[Path]:
    """Every Python file under it, sorted."""
    yield from sorted(file for file in root.rglob("*.py") if "__pycache__" not in file.parts)


def imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and full name of all that is imported: `from a import b` is `a.b`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def dotted(node: ast.AST) -> str:
    """A name or attribute as it is written: `self.broker.publish`; what is neither is `?`."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return "?"


def docstrings(tree: ast.AST) -> set[int]:
    """The ids of the constants that are docstrings, also those under a field or a constant."""
    return {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    }
