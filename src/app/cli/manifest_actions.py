"""What `modplane apply` and `modplane export` do: compare, apply, export."""

import sys
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path

from dishka import AsyncContainer
from msgspec import Struct

from app.cli.container import CLI_USER, database_container, sending_container
from app.cli.output import EXIT_FAILED, Answer, CommandFailed, Printer
from app.manifest.apply import EXIT_APPLIED, EXIT_CHANGES, EXIT_MANIFEST_REFUSED, apply_manifest
from app.manifest.current import RegisteredInPostgres
from app.manifest.diff import change_of
from app.manifest.files import (
    Form,
    export_manifest,
    is_manifest,
    load_manifest,
    read_manifest,
    registered_manifest,
    to_document,
)
from app.manifest.model import MAX_BYTES, Manifest, ManifestRefused
from app.manifest.parse import SUFFIXES
from app.manifest.plan import Plan, plan, still_in_use
from app.settings import Settings
from shared.commands.direct_sender import DirectSender

MAX_NAMES = 20


class Request(Struct, frozen=True):
    """`content` is what a pipe at `file` held."""

    file: Path
    skip_unknown_modules: bool = False
    prune: bool = False
    reason: str | None = None
    content: bytes | None = None


def read_pipe(file: Path) -> bytes | None:
    """Read a pipe, at most a byte more than a manifest may have; `-` is stdin. None for files and directories.

    Raises `CommandFailed`.
    """
    try:
        if str(file) == "-":
            return sys.stdin.buffer.read(MAX_BYTES + 1)
        if file.is_fifo() or file.is_char_device():
            with file.open("rb") as pipe:
                return pipe.read(MAX_BYTES + 1)
    except OSError as error:
        raise CommandFailed("file_not_read", f"{file} cannot be read: {error.strerror}.") from error
    return None


async def apply_file(settings: Settings, request: Request, deletable: Collection[str], printer: Printer) -> Answer:
    """Apply, and delete those of `deletable`, names as `deletions` returns them."""
    manifest = load(request)
    async with sending_container(settings) as container:
        try:
            report = await apply_manifest(
                manifest,
                await container.get(RegisteredInPostgres),
                partial(await container.get(DirectSender), reason=request.reason),
                skip_unknown_modules=request.skip_unknown_modules,
                user_id=CLI_USER,
                deletable=deletable,
            )
        except ManifestRefused as refused:
            raise manifest_failure(refused) from refused
    notes = notes_on(manifest, request)
    for line in (*notes, *report.lines()):
        printer(line)
    summary = Counter(result.status for result in report.results)
    document = {"dry_run": False, "items": report.results, "left_out": report.left_out}
    return Answer(document | {"notes": notes, "summary": summary}, report.exit_code)


async def compare_file(settings: Settings, request: Request, printer: Printer) -> Answer:
    manifest = load(request)
    async with database_container(settings) as container:
        planned, refusals = await compare(container, manifest, request)
    changes = [
        change_of(step, refusals.get(step.item_id) if step.kind == "module" else None)
        for step in planned.steps
        if step.commands
    ]
    notes = notes_on(manifest, request)
    for line in (*notes, *(line for change in changes for line in change.lines())):
        printer(line)
    summary = Counter(step.action for step in planned.steps)
    printer(", ".join(f"{summary[action]} to {action}" for action in ("create", "update", "delete", "keep")))
    document = {"dry_run": True, "items": changes, "left_out": planned.left_out, "notes": notes, "summary": summary}
    if any(change.refused for change in changes):
        return Answer(document, EXIT_FAILED)
    return Answer(document, EXIT_CHANGES if changes else EXIT_APPLIED)


async def deletions(settings: Settings, request: Request) -> Answer:
    """Return the names of what applying would delete, as in `module oven`."""
    manifest = load(request)
    async with database_container(settings) as container:
        planned, _ = await compare(container, manifest, request)
    return Answer([step.name for step in planned.deletions])


async def compare(container: AsyncContainer, manifest: Manifest, request: Request) -> tuple[Plan, Mapping[str, str]]:
    """Return the plan, and why deletions in it will be refused, by module id."""
    registered = await container.get(RegisteredInPostgres)
    industries, modules = await registered.industries(), await registered.modules()
    try:
        planned = plan(
            manifest, modules, industries, skip_unknown_modules=request.skip_unknown_modules, prune=request.prune
        )
    except ManifestRefused as refused:
        raise manifest_failure(refused) from refused
    deleted = [step.item_id for step in planned.deletions if step.kind == "module"]
    return planned, still_in_use(planned, industries, await registered.organizations(deleted))


async def export_all(settings: Settings, file: Path | None, form: Form, printer: Printer) -> Answer:
    async with database_container(settings) as container:
        manifest = await registered_manifest(await container.get(RegisteredInPostgres))
    if file is None or str(file) == "-":
        return Answer(to_document(manifest), text=export_manifest(manifest, form).removesuffix("\n"))
    write(file, manifest)
    modules, industries = len(manifest.modules), len(manifest.industries)
    printer(f"{modules} modules and {industries} industries are in {file}.")
    return Answer({"file": str(file), "modules": modules, "industries": industries})


def write(file: Path, manifest: Manifest) -> None:
    if not is_manifest(file):
        raise CommandFailed("file_not_written", f"A manifest's name ends in {', '.join(SUFFIXES)}.")
    text = export_manifest(manifest, "json" if file.suffix.lower() == ".json" else "yaml")
    try:
        file.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise CommandFailed("file_not_written", f"{file} cannot be written: {error.strerror}.") from error


def load(request: Request) -> Manifest:
    """Load the manifest. Raises `CommandFailed` with all its errors."""
    try:
        if request.content is None:
            manifest = load_manifest(request.file)
        else:
            manifest = read_manifest("stdin" if str(request.file) == "-" else str(request.file), request.content)
    except ManifestRefused as refused:
        raise manifest_failure(refused) from refused
    if request.prune and not manifest.modules and not manifest.industries:
        raise CommandFailed(
            "empty_catalogue",
            "The manifest describes nothing, and --prune would delete everything. Name what is to stay, or leave "
            "--prune out.",
            exit_code=EXIT_MANIFEST_REFUSED,
        )
    return manifest


def notes_on(manifest: Manifest, request: Request) -> Sequence[str]:
    notes = []
    if manifest.skipped:
        count = len(manifest.skipped) - MAX_NAMES
        more = f" and {count} more" if count > 0 else ""
        notes.append(f"Not read: {', '.join(manifest.skipped[:MAX_NAMES])}{more}")
    for kind, items in (("module", manifest.modules), ("industry", manifest.industries)):
        if request.prune and not items:
            notes.append(f"The manifest names no {kind}: none is deleted.")
    return notes


def manifest_failure(refused: ManifestRefused) -> CommandFailed:
    return CommandFailed(
        "manifest_refused",
        f"The manifest has {len(refused.errors)} errors and was refused as a whole.",
        errors=refused.errors,
        exit_code=EXIT_MANIFEST_REFUSED,
    )
