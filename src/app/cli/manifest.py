"""`modplane apply` and `modplane export`."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.options import DEFAULT_DATA_DIR, AsJson, DataDir, Reason, import_quietly, load_settings
from app.cli.output import CommandFailed, fail, run_command, run_for_answer


def existing_path(file: Path) -> Path:
    """Return the path; `-` is stdin. Raises `BadParameter` where nothing is."""
    if str(file) != "-" and not file.exists():
        raise typer.BadParameter(f"path '{file}' does not exist.")
    return file


File = Annotated[
    Path,
    typer.Option("--file", "-f", callback=existing_path, help="A manifest, a directory of them, or - for stdin."),
]
SkipUnknown = Annotated[
    bool,
    typer.Option(
        "--skip-unknown-modules",
        help="Leave modules that are not registered out of industries instead of refusing all.",
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")]
Prune = Annotated[
    bool,
    typer.Option(
        "--prune",
        help="Delete modules and industries that are not in the manifest, unless in use; "
        "no modules if it names no module, no industries if it names no industry.",
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Delete without asking.")]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", dir_okay=False, allow_dash=True, help="Write to this file; - is stdout."),
]


def apply(  # noqa: PLR0913 - an option each
    *,
    file: File,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    skip_unknown_modules: SkipUnknown = False,
    dry_run: DryRun = False,
    prune: Prune = False,
    yes: Yes = False,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Make modules and industries equal to a manifest, through commands. A second run changes nothing.

    Of a directory, the .yaml, .yml and .json files directly in it are read, but no hidden ones.

    Exit codes: 0 all is as described (with --dry-run: already), 1 something was refused, 2 the whole manifest was;
    with --dry-run, 3 something would change.
    """
    actions: Any = import_quietly("app.cli.manifest_actions")
    try:
        request = actions.Request(file, skip_unknown_modules, prune, reason, actions.read_pipe(file))
    except CommandFailed as failed:
        fail(failed, as_json=as_json)
    if dry_run:
        run_command(lambda out: actions.compare_file(load_settings(data_dir), request, out), as_json=as_json)
    deletable: list[str] = []
    if prune:
        deletable = run_for_answer(
            lambda _: actions.deletions(load_settings(data_dir), request), as_json=as_json
        ).document
        if deletable and not yes:
            confirm(deletable, as_json=as_json)
    run_command(lambda out: actions.apply_file(load_settings(data_dir), request, deletable, out), as_json=as_json)


def confirm(deletable: list[str], *, as_json: bool) -> None:
    """Ask at the terminal; leave the program when there is none, or the answer is no."""
    summary = f"{len(deletable)} that the manifest does not name: {', '.join(deletable)}"
    if not sys.stdin.isatty():
        fail(CommandFailed("not_confirmed", f"--prune would delete {summary}. Say so with --yes."), as_json=as_json)
    if not typer.confirm(f"Delete {summary}?", err=True):
        fail(CommandFailed("not_confirmed", "Nothing was changed."), as_json=as_json)


def export(
    data_dir: DataDir = DEFAULT_DATA_DIR,
    output: Output = None,
    as_json: Annotated[bool, typer.Option("--json", help="A manifest in JSON instead of YAML.")] = False,
) -> None:
    """Write all modules and industries as a manifest that `apply` takes back unchanged."""
    actions: Any = import_quietly("app.cli.manifest_actions")
    form = "json" if as_json else "yaml"
    run_command(lambda out: actions.export_all(load_settings(data_dir), output, form, out), as_json=as_json)
