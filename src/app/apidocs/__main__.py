"""`python -m app.apidocs`: writes the documents into `schemas/`; with `--check`, says which are out of date."""

import sys
from pathlib import Path

from app.apidocs.export import Documents, broken_promises, documents, out_of_date, write
from app.server.documents import DOCUMENTS

ADVICE = """\
Others rely on these messages, and old ones lie in topics and logs: add fields and topics instead of changing them.
Only for a message nobody has seen yet, remove its file from schemas/ and run `make openapi` again.
"""


def main(arguments: list[str], folder: Path = DOCUMENTS, made: Documents | None = None) -> int:
    """The exit code: 1 when a promise is broken or, with `--check`, a document out of date."""
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


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
