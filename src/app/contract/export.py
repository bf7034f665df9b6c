"""The documents as files: the same bytes from the same code, on any machine, without any infrastructure."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from app.contract.openapi import openapi_document


def documents() -> Mapping[str, bytes]:
    """Every document by its name in the folder. The environment's settings play no part in it."""
    return {"openapi.json": as_file(openapi_document())}


def as_file(document: Any) -> bytes:
    """JSON as people read it and diffs show it."""
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def write(folder: Path, made: Mapping[str, bytes]) -> None:
    """Writes them, and removes what is no document any more."""
    for name in out_of_date(folder, made):
        if name in made:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(made[name])
        else:
            (folder / name).unlink()


def out_of_date(folder: Path, made: Mapping[str, bytes]) -> Sequence[str]:
    """The names of those that differ, are missing, or should not be there."""
    there = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.json")}
    return sorted(name for name in there.keys() | made.keys() if there.get(name) != made.get(name))
