"""The repository's documents, taken apart: code blocks, links, symbols in backticks."""

import re
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")
CONTEXTS = "registry|industries|organizations|assignments|access"
SYMBOL = re.compile(rf"`((?:app|shared|devstack|{CONTEXTS})(?:\.\w+)+):([A-Za-z][\w.]*)`")


class Step(NamedTuple):
    """A command block and what it is said to show; empty where nothing is said."""

    script: str
    shown: str


def steps(text: str) -> Sequence[Step]:
    """Each `bash` block with the `json` block right after it."""
    blocks = [(match[1], match[2]) for match in FENCE.finditer(text)]
    followers = [*blocks[1:], ("", "")]
    return [
        Step(script, shown if language == "json" else "")
        for (kind, script), (language, shown) in zip(blocks, followers, strict=True)
        if kind == "bash"
    ]


def shows(output: str, shown: str) -> bool:
    """Whether the output begins as a document says; `…` stands for anything, and white space for none."""
    pattern = ".*?".join(re.escape(re.sub(r"\s", "", part)) for part in shown.split("…"))
    return re.match(pattern, re.sub(r"\s", "", output)) is not None


def relative_links(document: Path) -> Iterator[Path]:
    """The files and folders a document links to."""
    for target in LINK.findall(document.read_text()):
        if "://" not in target and not target.startswith("#"):
            yield (document.parent / target.partition("#")[0]).resolve()


def symbols(text: str) -> Sequence[tuple[str, str]]:
    """What stands in backticks as `module:symbol`, as pairs."""
    return SYMBOL.findall(text)


def resolved(module: str, symbol: str) -> Any:
    """What the module calls so. Raises `ImportError` or `AttributeError`."""
    found: Any = import_module(module)
    for name in symbol.split("."):
        fields = getattr(found, "__struct_fields__", ()) or getattr(found, "model_fields", ())
        found = name if name in fields else getattr(found, name)
    return found
