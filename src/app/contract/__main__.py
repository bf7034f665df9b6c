"""`python -m app.contract`: writes the documents into `schemas/`; with `--check`, says which are out of date."""

import sys
from collections.abc import Mapping
from pathlib import Path

from app.contract.export import documents, out_of_date, write
from app.documents import DOCUMENTS


def main(arguments: list[str], folder: Path = DOCUMENTS) -> int:
    """The exit code: 1 when a document is out of date."""
    made: Mapping[str, bytes] = documents()
    if arguments != ["--check"]:
        write(folder, made)
        return 0
    stale = out_of_date(folder, made)
    for name in stale:
        sys.stderr.write(f"schemas/{name} is not what the code says. Run `make openapi` and look at the difference.\n")
    return 1 if stale else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
