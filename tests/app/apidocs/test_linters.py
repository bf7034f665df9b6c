"""What public tools say of the committed documents."""

import json
import subprocess
from pathlib import Path

import jsonschema_rs
import pytest

from app.server.documents import DOCUMENTS
from tests.support.tools import ROOT, make


@pytest.fixture(scope="module")
def packages() -> Path:
    """The packages of package-lock.json, fetched unless they are there."""
    make("packages")
    return ROOT / "node_modules"


@pytest.mark.usefixtures("packages")
def test_spectral_finds_nothing_by_its_recommended_rules() -> None:
    words = ["sh", "scripts/node.sh", "npm", "run", "--silent", "lint"]
    told = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (told.returncode, told.stderr) == (0, ""), told.stdout
    assert "No results with a severity of 'hint' or higher found!" in told.stdout


def test_the_asyncapi_document_is_one_by_the_specifications_own_schema(packages: Path) -> None:
    schema = json.loads((packages / "@asyncapi" / "specs" / "schemas" / "3.0.0.json").read_text())
    document = json.loads((DOCUMENTS / "asyncapi.json").read_text())
    assert [error.message for error in jsonschema_rs.validator_for(schema).iter_errors(document)] == []
    del document["channels"]["tenant.module.assigned"]["address"]
    document["channels"]["tenant.module.assigned"]["adress"] = "tenant.module.assigned"
    assert not jsonschema_rs.validator_for(schema).is_valid(document)
