"""What the command line does with manifests: compare, apply, export."""

import sys
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path

from dishka import AsyncContainer
from msgspec import Struct

from app.cli.container import CLI_USER, database_tools, tools
from app.manifest.apply import EXIT_APPLIED, EXIT_CHANGES, EXIT_MANIFEST_REFUSED, apply_manifest
from app.manifest.current import RegisteredInPostgres
from app.manifest.diff import ItemChange, change_of
from app.manifest.export import Form, document_of, exported, registered_manifest
from app.manifest.files import is_manifest, load_manifest, load_stream
from app.manifest.model import MAX_BYTES, SUFFIXES, Manifest, ManifestRefused
from app.manifest.plan import Plan, plan, still_in_use
from app.output import EXIT_FAILED, Answer, CommandFailed, Say
from app.settings import Settings
from shared.commands.direct_sender import DirectSender

SHOWN = 20


class Wanted(Struct, frozen=True):
    """What is to be applied, and how."""

    file: Path
    skip_unknown_modules: bool = False
    prune: bool = False
    reason: str | None = None
    stream: bytes | None = None  # what came through the pipe that `file` names


def stream_of(file: Path) -> bytes | None:
    """What a pipe has, no more than a manifest may and a byte; `-` is stdin. None: it is a file or a directory.

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


async def apply_file(settings: Settings, wanted: Wanted, deletable: Collection[str], say: Say) -> Answer:
    """Says a line an item and a summary. `deletable` names what may be deleted, as `deletions` does."""
    manifest = loaded(wanted)
    async with tools(settings) as container:
        try:
            report = await apply_manifest(
                manifest,
                await container.get(RegisteredInPostgres),
                partial(await container.get(DirectSender), reason=wanted.reason),
                skip_unknown_modules=wanted.skip_unknown_modules,
                user_id=CLI_USER,
                deletable=deletable,
            )
        except ManifestRefused as refused:
            raise unusable(refused) from refused
    told = notes(manifest, wanted)
    for line in (*told, *report.lines()):
        say(line)
    summary = Counter(result.status for result in report.results)
    document = {
        "dry_run": False,
        "items": report.results,
        "left_out": report.left_out,
        "notes": told,
        "summary": summary,
    }
    return Answer(document, report.exit_code)


async def compare_file(settings: Settings, wanted: Wanted, say: Say) -> Answer:
    """Says what applying would change, and sends nothing. Needs nothing but the database."""
    manifest = loaded(wanted)
    async with database_tools(settings) as container:
        planned, refusals = await compared(container, manifest, wanted)
    changes = [
        change_of(step, refusals.get(step.item_id) if step.kind == "module" else None)
        for step in planned.steps
        if step.commands
    ]
    told = notes(manifest, wanted)
    for line in told:
        say(line)
    for change in changes:
        for line in change.lines():
            say(line)
    summary = Counter(step.action for step in planned.steps)
    say(", ".join(f"{summary[action]} to {action}" for action in ("create", "update", "delete", "keep")))
    document = {
        "dry_run": True,
        "items": changes,
        "left_out": planned.left_out,
        "notes": told,
        "summary": summary,
    }
    return Answer(document, comparison_code(changes))


def comparison_code(changes: Sequence[ItemChange]) -> int:
    """What a comparison ends with."""
    if any(change.refused for change in changes):
        return EXIT_FAILED
    return EXIT_CHANGES if changes else EXIT_APPLIED


async def deletions(settings: Settings, wanted: Wanted) -> Answer:
    """What applying would delete, each as `module oven`."""
    manifest = loaded(wanted)
    async with database_tools(settings) as container:
        planned, _ = await compared(container, manifest, wanted)
    return Answer([step.name for step in planned.deletions])


async def compared(container: AsyncContainer, manifest: Manifest, wanted: Wanted) -> tuple[Plan, Mapping[str, str]]:
    """The plan, and why deletions in it will be refused, by module id."""
    registered = await container.get(RegisteredInPostgres)
    industries, modules = await registered.industries(), await registered.modules()
    try:
        planned = plan(
            manifest, modules, industries, skip_unknown_modules=wanted.skip_unknown_modules, prune=wanted.prune
        )
    except ManifestRefused as refused:
        raise unusable(refused) from refused
    doomed = [step.item_id for step in planned.deletions if step.kind == "module"]
    return planned, still_in_use(planned, industries, await registered.organizations(doomed))


async def export_all(settings: Settings, file: Path | None, form: Form, say: Say) -> Answer:
    """Says the manifest of all that is registered, or writes it to a file, whose name then tells its form."""
    async with database_tools(settings) as container:
        manifest = await registered_manifest(await container.get(RegisteredInPostgres))
    if file is None or str(file) == "-":
        return Answer(document_of(manifest), text=exported(manifest, form).removesuffix("\n"))
    write(file, manifest)
    modules, industries = len(manifest.modules), len(manifest.industries)
    say(f"{modules} modules and {industries} industries are in {file}.")
    return Answer({"file": str(file), "modules": modules, "industries": industries})


def write(file: Path, manifest: Manifest) -> None:
    """Raises `CommandFailed`."""
    if not is_manifest(file):
        raise CommandFailed("file_not_written", f"A manifest's name ends in {', '.join(SUFFIXES)}.")
    text = exported(manifest, "json" if file.suffix.lower() == ".json" else "yaml")
    try:
        file.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise CommandFailed("file_not_written", f"{file} cannot be written: {error.strerror}.") from error


def loaded(wanted: Wanted) -> Manifest:
    """Raises `CommandFailed` with everything that is wrong in it."""
    try:
        if wanted.stream is None:
            manifest = load_manifest(wanted.file)
        else:
            manifest = load_stream("stdin" if str(wanted.file) == "-" else str(wanted.file), wanted.stream)
    except ManifestRefused as refused:
        raise unusable(refused) from refused
    if wanted.prune and not manifest.modules and not manifest.industries:
        raise CommandFailed(
            "empty_catalogue",
            "The manifest describes nothing, and --prune would delete everything. Name what is to stay, or leave "
            "--prune out.",
            exit_code=EXIT_MANIFEST_REFUSED,
        )
    return manifest


def notes(manifest: Manifest, wanted: Wanted) -> Sequence[str]:
    """What somebody may have expected to be read, or deleted, and is not."""
    found = []
    if manifest.skipped:
        more = f" and {len(manifest.skipped) - SHOWN} more" if len(manifest.skipped) > SHOWN else ""
        found.append(f"Not read: {', '.join(manifest.skipped[:SHOWN])}{more}")
    for kind, items in (("module", manifest.modules), ("industry", manifest.industries)):
        if wanted.prune and not items:
            found.append(f"The manifest names no {kind}: none is deleted.")
    return found


def unusable(refused: ManifestRefused) -> CommandFailed:
    """The manifest's errors, a line each."""
    return CommandFailed(
        "manifest_refused",
        f"The manifest has {len(refused.errors)} errors and was refused as a whole.",
        errors=refused.errors,
        exit_code=EXIT_MANIFEST_REFUSED,
    )
