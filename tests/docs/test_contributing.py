"""The worked example of docs/contributing.md names every source file that knows the field."""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.docs.documents import ROOT

DOCUMENT = ROOT / "docs" / "contributing.md"
FIELD = re.compile(r"\bservice_name\b|\bserviceName\b")
SOURCES = ("migrations/**/*.py", "src/**/*.py", "src/**/*.yaml", "web/src/**/*.ts", "web/src/**/*.tsx", "seeds/*.yaml")


def sources() -> Iterator[Path]:
    for pattern in SOURCES:
        yield from (file for file in ROOT.glob(pattern) if ".test." not in file.name)


def named_files() -> list[str]:
    return re.findall(r"^\| \[`[^`]+`\]\(\.\./([^)]+)\) \|", DOCUMENT.read_text(), re.MULTILINE)


def test_the_worked_example_names_every_place_of_the_field() -> None:
    knowing = {file.relative_to(ROOT).as_posix() for file in sources() if FIELD.search(file.read_text())}
    assert set(named_files()) == knowing


def test_no_place_is_named_twice() -> None:
    assert len(named_files()) == len(set(named_files())) > 10
