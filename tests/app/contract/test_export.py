import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.contract.__main__ import main
from app.contract.export import out_of_date, write
from app.documents import DOCUMENTS

MADE = {"openapi.json": b"{}\n", "events/a.json": b"[]\n"}


@pytest.mark.parametrize("seed", ["1", "2"])
def test_the_committed_documents_are_what_the_code_says_whatever_the_environment(seed: str) -> None:
    elsewhere = {"MODPLANE_ROLE": "worker", "MODPLANE_HTTP_PORT": "nonsense"}
    told = subprocess.run(
        [sys.executable, "-m", "app.contract", "--check"],
        env=os.environ | elsewhere | {"PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (told.returncode, told.stderr) == (0, "")


def test_a_document_that_is_changed_missing_or_left_over_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, MADE)
    assert out_of_date(tmp_path, MADE) == []
    (tmp_path / "openapi.json").write_text("{} \n")
    (tmp_path / "events/a.json").unlink()
    (tmp_path / "events/old.json").write_text("{}")
    assert out_of_date(tmp_path, MADE) == ["events/a.json", "events/old.json", "openapi.json"]
    assert main(["--check"], tmp_path) == 1
    assert "schemas/events/old.json" in capsys.readouterr().err
    write(tmp_path, MADE)
    assert out_of_date(tmp_path, MADE) == []


def test_writing_what_is_committed_changes_no_byte(tmp_path: Path) -> None:
    assert main([], tmp_path) == 0
    for path in DOCUMENTS.rglob("*.json"):
        assert (tmp_path / path.relative_to(DOCUMENTS)).read_bytes() == path.read_bytes()
