"""What the documents name is there: files they link to, variables, commands; and they are of the form agreed on."""

import re
from pathlib import Path

import pytest
import typer

from app.cli.main import app
from app.settings import Settings
from tests.docs.documents import DOCUMENTS, ROOT, relative_links

VARIABLE = re.compile(r"`MODPLANE_([A-Z_]+)`")
COMMAND = re.compile(r"`modplane ([a-z]+)")
OUTSIDE_THE_SERVICE = {
    "data_dir",
    "test_postgres_url",
    "test_kafka_bootstrap",
    "test_redis_url",
    "test_stack",
}  # of the command line and of the tests
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
PARTS = ["Context", "Decision", "Consequences", "Alternatives", "Enforced by"]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    assert [target for target in relative_links(document) if not target.exists()] == []
    assert all(target.is_relative_to(ROOT) for target in relative_links(document))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.relative_to(ROOT)))
def test_named_variables_and_commands_exist(document: Path) -> None:
    text = document.read_text()
    assert {name.lower() for name in VARIABLE.findall(text)} <= Settings.model_fields.keys() | OUTSIDE_THE_SERVICE
    commands = typer.main.get_command(app)
    assert set(COMMAND.findall(text)) <= set(getattr(commands, "commands", {}))


@pytest.mark.parametrize("document", DECISIONS, ids=lambda document: document.stem)
def test_a_decision_is_one_page_with_one_quotable_sentence(document: Path) -> None:
    text = document.read_text()
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == PARTS
    (decision,) = re.findall(r"## Decision\n\n((?:> .*\n)+)", text)
    assert re.fullmatch(r"\*\*[^*]+\.\*\*", " ".join(line.removeprefix("> ") for line in decision.splitlines()))
    assert len(text.splitlines()) <= 60


def test_decisions_are_numbered_without_a_gap() -> None:
    numbers = [int(document.name[:4]) for document in DECISIONS]
    assert numbers == list(range(1, len(numbers) + 1))
    assert all(document.read_text().startswith(f"# {int(document.name[:4])}. ") for document in DECISIONS)


def test_the_readme_is_read_in_one_go() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 220
