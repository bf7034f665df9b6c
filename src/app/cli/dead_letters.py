"""`modplane dlq`: dead letters at the terminal."""

from typing import Annotated, Any, Literal
from uuid import UUID

import typer

from app.cli.options import DEFAULT_DATA_DIR, AsJson, DataDir, Reason, import_quietly, load_settings, valid_reason
from app.cli.output import run_command

dlq = typer.Typer(no_args_is_help=True, help="List, show, retry and drop dead letters.")

Kind = Annotated[Literal["command", "event", "relay"] | None, typer.Option("--kind", help="Only letters of this kind.")]
Status = Annotated[
    Literal["open", "retried", "resolved", "dropped", "all"],
    typer.Option("--status", help="Only letters in this state."),
]
Ids = Annotated[list[UUID] | None, typer.Argument(help="The letters' ids.")]
All = Annotated[bool, typer.Option("--all", help="All open letters, or those of --kind.")]


@dlq.command("list")
def list_(
    *,
    status: Status = "open",
    kind: Kind = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many at most.")] = 50,
    cursor: Annotated[str | None, typer.Option(help="Where the page before ended.")] = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """List dead letters, the newest first."""
    actions: Any = import_quietly("app.cli.dead_letter_actions")
    state = None if status == "all" else status
    page = (limit, cursor)
    run_command(lambda out: actions.list_letters(load_settings(data_dir), state, kind, page, out), as_json=as_json)


@dlq.command()
def show(
    letter_id: Annotated[UUID, typer.Argument(help="The letter's id.")],
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """Show a dead letter with its record, up to 16 KiB of it."""
    actions: Any = import_quietly("app.cli.dead_letter_actions")
    run_command(lambda out: actions.show_letter(load_settings(data_dir), letter_id, out), as_json=as_json)


@dlq.command()
def retry(
    *,
    ids: Ids = None,
    everything: All = False,
    kind: Kind = None,
    reason: Reason = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """Process letters again; none takes effect twice. Exit 1 when one failed again or was not tried."""
    actions: Any = import_quietly("app.cli.dead_letter_actions")
    selection = actions.Selection(valid_ids(ids, kind, everything=everything), kind)
    run_command(lambda out: actions.retry_letters(load_settings(data_dir), selection, reason, out), as_json=as_json)


@dlq.command()
def drop(
    *,
    ids: Ids = None,
    everything: All = False,
    kind: Kind = None,
    reason: Annotated[str, typer.Option("--reason", callback=valid_reason, help="Why they are dropped.")],
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """Drop letters. The event of a relay letter leaves the queue: consumers find a gap in its stream."""
    if not reason:
        raise typer.BadParameter("say why", param_hint="--reason")
    actions: Any = import_quietly("app.cli.dead_letter_actions")
    selection = actions.Selection(valid_ids(ids, kind, everything=everything), kind)
    run_command(lambda out: actions.drop_letters(load_settings(data_dir), selection, reason, out), as_json=as_json)


def valid_ids(ids: list[UUID] | None, kind: str | None, *, everything: bool) -> list[UUID]:
    """Return the ids. Raises `BadParameter` unless there are ids, or all are selected, and not both."""
    if bool(ids) == everything or (ids and kind):
        raise typer.BadParameter("name letters by their ids, or all of them by --all and --kind")
    return ids or []
