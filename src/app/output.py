"""How the command line answers: sentences for people, or one JSON document for programs.

With `--json` stdout holds exactly one document, also when the command fails: `{"error": {"code": …, "detail": …}}`.
Why it failed stands on stderr either way, mostly in one line.
"""

import asyncio
import io
import json
import os
import traceback
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
    text: str = ""  # what people are given as a whole, such as a manifest


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
        say_document(pretty(given.document))
    elif given.text:
        say_document(given.text)
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
    except (BrokenPipeError, typer.Exit, typer.Abort, typer.BadParameter):
        raise
    except Exception as error:  # noqa: BLE001 - whoever typed the command is told in a line, whatever it is
        fail(unforeseen(error), as_json=as_json)


def unforeseen(error: Exception) -> CommandFailed:
    """A defect, or an outage nobody thought of, in one line; with MODPLANE_LOG_LEVEL=debug its traceback above."""
    if os.environ.get("MODPLANE_LOG_LEVEL", "").lower() == "debug":
        traceback.print_exception(error)
    words = " ".join(str(error).split())[:300]
    return CommandFailed("unexpected", f"This went wrong unexpectedly: {type(error).__name__}: {words}".rstrip(": "))


def show_everything(*streams: object) -> None:
    """Let what a terminal's encoding lacks appear as an escape instead of ending the command."""
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def say_document(text: str) -> None:
    """Write a document to stdout, in UTF-8 whatever the locale is: that is what its readers expect."""
    typer.echo(text.encode("utf-8", "surrogateescape") + b"\n", nl=False)


def fail(failed: CommandFailed, *, as_json: bool) -> NoReturn:
    """Says why there is no answer, and leaves the program."""
    for line in failed.errors or [f"modplane: {failed.detail}"]:
        typer.echo(str(line), err=True)
    if as_json:
        error = {"code": failed.code, "detail": failed.detail}
        say_document(pretty({"error": error | ({"errors": failed.errors} if failed.errors else {})}))
    raise typer.Exit(failed.exit_code)


def unsaid(_: str) -> None:
    """Programs are told in one document, at the end."""


def pretty(document: Any) -> str:
    """The JSON of a document, for eyes too."""
    try:
        return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()
    except UnicodeEncodeError:  # a file's name may hold bytes that are no text
        return json.dumps(msgspec.to_builtins(document), indent=2)
