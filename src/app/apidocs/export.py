"""The documents as files: the same bytes from the same code, on any machine, without any infrastructure."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from app.apidocs.asyncapi import asyncapi_document
from app.apidocs.compatibility import kept_for_readers, kept_for_writers
from app.apidocs.messages import message_schemas
from app.apidocs.openapi import openapi_document
from app.manifest.model import manifest_schema

Documents = Mapping[str, bytes]

PROMISES = {"events": kept_for_readers, "commands": kept_for_writers}
"""How the schemas of a folder may change."""


def documents() -> Documents:
    """Every document by its name in the folder. The environment's settings play no part in it."""
    schemas = message_schemas()
    made = {
        "openapi.json": openapi_document(),
        "asyncapi.json": asyncapi_document(schemas),
        "manifest.schema.json": manifest_schema(),
        **schemas,
    }
    return {name: as_file(document) for name, document in made.items()}


def as_file(document: Any) -> bytes:
    """JSON as people read it and diffs show it."""
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def write(folder: Path, made: Documents) -> None:
    """Writes them, and removes what is no document any more."""
    for name in out_of_date(folder, made):
        if name in made:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(made[name])
        else:
            (folder / name).unlink()


def out_of_date(folder: Path, made: Documents) -> Sequence[str]:
    """The names of those that differ, are missing, or should not be there."""
    there = documents_in(folder)
    return sorted(name for name in there.keys() | made.keys() if there.get(name) != made.get(name))


def broken_promises(folder: Path, made: Documents) -> Iterator[str]:
    """What the committed schemas of messages promise and the code does not keep, as `file: what`."""
    for name, before in sorted(documents_in(folder).items()):
        kept = PROMISES.get(name.partition("/")[0])
        if kept is None:
            continue
        if name not in made:
            yield f"{name}: the topic is gone"
        elif made[name] != before:
            yield from (f"{name}: {what}" for what in kept(json.loads(before), json.loads(made[name])))


def documents_in(folder: Path) -> Documents:
    """Those that lie there."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.json")}
