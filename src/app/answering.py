"""How the command line answers: sentences for people, or one JSON document for programs.

With `--json` stdout holds exactly one document, also when the command fails: `{"error": {"code": …, "detail": …}}`.
Why it failed stands on stderr either way, mostly in one line.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NoReturn

import msgspec
import typer
from msgspec import Struct

from shared.errors import Refused

EXIT_FAILED = 1

Say = Callable[[str], None]


class Answer(Struct, frozen=True):
    """What a command found or did, for programs; people were told while it went."""

    document: Any
    exit_code: int = 0


class CommandFailed(Exception):  # noqa: N818 - an answer to whoever typed the command
    """The command did nothing, or ended early. `errors` are shown one a line instead of `detail`."""

    def __init__(self, code: str, detail: str, *, errors: Sequence[Any] = (), exit_code: int = EXIT_FAILED) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.errors = errors
        self.exit_code = exit_code


Command = Callable[[Say], Awaitable[Answer]]


def answer(command: Command, *, as_json: bool) -> NoReturn:
    """Runs a command to its end and leaves the program with its exit code."""
    given = answered(command, as_json=as_json)
    if as_json:
        typer.echo(pretty(given.document))
    raise typer.Exit(given.exit_code)


def answered(command: Command, *, as_json: bool) -> Answer:
    """Runs a command to its end. Leaves the program when it fails."""

    async def run() -> Answer:
        return await command(unsaid if as_json else typer.echo)

    try:
        return asyncio.run(run())
    except CommandFailed as failed:
        fail(failed, as_json=as_json)
    except Refused as refused:
        fail(CommandFailed(refused.code, refused.detail), as_json=as_json)


def fail(failed: CommandFailed, *, as_json: bool) -> NoReturn:
    """Says why there is no answer, and leaves the program."""
    for line in failed.errors or [f"modplane: {failed.detail}"]:
        typer.echo(str(line), err=True)
    if as_json:
        error = {"code": failed.code, "detail": failed.detail}
        typer.echo(pretty({"error": error | ({"errors": failed.errors} if failed.errors else {})}))
    raise typer.Exit(failed.exit_code)


def unsaid(_: str) -> None:
    """Programs are told in one document, at the end."""


def pretty(document: Any) -> str:
    """The JSON of a document, for eyes too."""
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()
