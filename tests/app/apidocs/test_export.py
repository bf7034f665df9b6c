import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.apidocs.__main__ import as_file, main, out_of_date, write

TEXT = {"$id": "a", "type": "object", "properties": {"name": {"type": "string"}}, "required": []}
MADE = {
    "openapi.json": b"{}\n",
    "asyncapi.json": b"{}\n",
    "events/a.json": as_file(TEXT | {"required": ["name"]}),
    "commands/a.json": as_file(TEXT),
}


def test_the_committed_documents_are_what_the_code_says_whatever_the_environment() -> None:
    elsewhere = {"MODPLANE_ROLE": "worker", "MODPLANE_HTTP_PORT": "nonsense"}
    told = subprocess.run(
        [sys.executable, "-m", "app.apidocs", "--check"],
        env=os.environ | elsewhere | {"PYTHONHASHSEED": "7"},
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
    (tmp_path / "asyncapi.json").unlink()
    (tmp_path / "old.json").write_text("{}")
    assert out_of_date(tmp_path, MADE) == ["asyncapi.json", "old.json", "openapi.json"]
    assert main(["--check"], tmp_path, MADE) == 1
    assert "schemas/old.json" in capsys.readouterr().err
    assert main([], tmp_path, MADE) == 0
    assert out_of_date(tmp_path, MADE) == []


def test_an_incompatible_schema_is_not_written_over_the_one_others_rely_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, MADE)
    file = tmp_path / "events" / "a.json"
    poorer = MADE | {"events/a.json": as_file({"$id": "a", "properties": {}, "required": []})}
    for arguments in ([], ["--check"]):
        assert main(arguments, tmp_path, poorer) == 1
        assert "schemas/events/a.json: /name: may be missing or is gone" in capsys.readouterr().err
        assert file.read_bytes() == MADE["events/a.json"]
    file.unlink()
    assert main([], tmp_path, poorer) == 0
    assert file.read_bytes() == poorer["events/a.json"]


def test_a_topic_does_not_go_by_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, MADE)
    assert main([], tmp_path, {name: made for name, made in MADE.items() if name != "events/a.json"}) == 1
    assert "schemas/events/a.json: the topic is gone" in capsys.readouterr().err
    assert (tmp_path / "events" / "a.json").exists()


def test_what_was_sent_before_is_still_taken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, MADE)
    stricter = MADE | {"commands/a.json": as_file(TEXT | {"required": ["name"]})}
    assert main([], tmp_path, stricter) == 1
    assert "schemas/commands/a.json: /name: is newly required" in capsys.readouterr().err
