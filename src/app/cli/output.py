"""Output of the command line: sentences for people, or one JSON document for programs.

With `--json` stdout holds exactly one document, also when the command fails: `{"error": {"code": …, "detail": …}}`.
The reason is printed to stderr in both cases, usually in one line.
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

Printer = Callable[[str], None]
"""Prints a line for people, unless the command answers in JSON."""


class Answer(Struct, frozen=True):
    """`document` is for programs; `text` is a whole for people, such as a manifest."""

    document: Any
    exit_code: int = 0
    text: str = ""


class CommandFailed(Exception):  # noqa: N818 - an answer to a command
    """The command did nothing, or ended early. `errors` are printed one a line instead of `detail`."""

    def __init__(self, code: str, detail: str, *, errors: Sequence[Any] = (), exit_code: int = EXIT_FAILED) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.errors = errors
        self.exit_code = exit_code


Command = Callable[[Printer], Awaitable[Answer]]


def run_command(command: Command, *, as_json: bool) -> NoReturn:
    given = run_for_answer(command, as_json=as_json)
    if as_json:
        write_document(format_json(given.document))
    elif given.text:
        write_document(given.text)
    raise typer.Exit(given.exit_code)


def run_for_answer(command: Command, *, as_json: bool) -> Answer:
    """Run a command, and return its answer. Leaves the program when it fails."""

    async def run() -> Answer:
        return await command(discard if as_json else typer.echo)

    try:
        return asyncio.run(run())
    except CommandFailed as failed:
        fail(failed, as_json=as_json)
    except Refused as refused:
        fail(CommandFailed(refused.code, refused.detail), as_json=as_json)
    except (BrokenPipeError, typer.Exit, typer.Abort, typer.BadParameter):
        raise
    except Exception as error:  # noqa: BLE001 - every failure ends in one line
        fail(unexpected_failure(error), as_json=as_json)


def unexpected_failure(error: Exception) -> CommandFailed:
    """Describe any other exception in one line; with MODPLANE_LOG_LEVEL=debug, print its traceback before."""
    if os.environ.get("MODPLANE_LOG_LEVEL", "").lower() == "debug":
        traceback.print_exception(error)
    text = " ".join(str(error).split())[:300]
    return CommandFailed("unexpected", f"This went wrong unexpectedly: {type(error).__name__}: {text}".rstrip(": "))


def escape_unencodable(*streams: object) -> None:
    """Escape what a terminal's encoding lacks, instead of ending the command."""
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def write_document(text: str) -> None:
    """Write a document to stdout, in UTF-8 whatever the locale is: that is what its readers expect."""
    typer.echo(text.encode("utf-8", "surrogateescape") + b"\n", nl=False)


def fail(failed: CommandFailed, *, as_json: bool) -> NoReturn:
    for line in failed.errors or [f"modplane: {failed.detail}"]:
        typer.echo(str(line), err=True)
    if as_json:
        error = {"code": failed.code, "detail": failed.detail}
        write_document(format_json({"error": error | ({"errors": failed.errors} if failed.errors else {})}))
    raise typer.Exit(failed.exit_code)


def discard(_: str) -> None:
    """Print nothing: programs get one document, at the end."""


def format_json(document: Any) -> str:
    try:
        return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()
    except UnicodeEncodeError:  # a file's name may hold bytes that are no text
        return json.dumps(msgspec.to_builtins(document), indent=2)
