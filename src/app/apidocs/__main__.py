"""`python -m app.apidocs` writes the documents into `schemas/`; with `--check` it names those out of date."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from app.apidocs.asyncapi import asyncapi_document
from app.apidocs.compatibility import kept_for_readers, kept_for_writers
from app.apidocs.openapi import openapi_document
from app.apidocs.schemas import message_schemas
from app.manifest.model import manifest_schema
from app.server.documents import DOCUMENTS

Documents = Mapping[str, bytes]

PROMISES = {"events": kept_for_readers, "commands": kept_for_writers}
"""How the schemas of a folder may change."""
ADVICE = """\
Others rely on these messages, and old ones lie in topics and logs: add fields and topics instead of changing them.
Only for a message that was never released, remove its file from schemas/ and run `make openapi` again.
"""


def main(arguments: list[str], folder: Path = DOCUMENTS, made: Documents | None = None) -> int:
    """Return the exit code: 1 when a promise is broken or, with `--check`, a document out of date."""
    made = documents() if made is None else made
    broken = list(broken_promises(folder, made))
    if broken:
        sys.stderr.write("\n".join([f"schemas/{each}" for each in broken]) + "\n" + ADVICE)
        return 1
    if arguments != ["--check"]:
        write(folder, made)
        return 0
    stale = out_of_date(folder, made)
    for name in stale:
        sys.stderr.write(f"schemas/{name} is not what the code says. Run `make openapi` and look at the difference.\n")
    return 1 if stale else 0


def documents() -> Documents:
    schemas = message_schemas()
    made = {
        "openapi.json": openapi_document(),
        "asyncapi.json": asyncapi_document(schemas),
        "manifest.schema.json": manifest_schema(),
        **schemas,
    }
    return {name: as_file(document) for name, document in made.items()}


def as_file(document: Any) -> bytes:
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def write(folder: Path, made: Documents) -> None:
    for name in out_of_date(folder, made):
        if name in made:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(made[name])
        else:
            (folder / name).unlink()


def out_of_date(folder: Path, made: Documents) -> Sequence[str]:
    """Return the names of files that differ, are missing, or should not exist."""
    written = documents_in(folder)
    return sorted(name for name in written.keys() | made.keys() if written.get(name) != made.get(name))


def broken_promises(folder: Path, made: Documents) -> Iterator[str]:
    """Yield what the committed schemas of messages promise and the code does not keep, as `file: what`."""
    for name, before in sorted(documents_in(folder).items()):
        kept = PROMISES.get(name.partition("/")[0])
        if kept is None:
            continue
        if name not in made:
            yield f"{name}: the topic is gone"
        elif made[name] != before:
            yield from (f"{name}: {what}" for what in kept(json.loads(before), json.loads(made[name])))


def documents_in(folder: Path) -> Documents:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.json")}


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
