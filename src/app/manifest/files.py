"""Where manifests come from: files, directories of files, and pipes."""

from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from msgspec import structs

from app.manifest.model import MAX_BYTES, SUFFIXES, TOO_LARGE, Manifest, ManifestReading, refused
from app.manifest.parse import Flaw, Unreadable


def load_manifest(path: Path) -> Manifest:
    """Read a file, or every .yaml, .yml and .json file directly in a directory, sorted by name.

    Hidden files and subdirectories are not read. Raises `ManifestRefused` with all errors of all files.
    """
    reading = ManifestReading()
    files, skipped = _files(path)
    for file in files:
        reading.read(file, partial(_text, file))
    return structs.replace(reading.manifest(), skipped=tuple(skipped))


def load_stream(name: str, content: bytes) -> Manifest:
    """Read what came through a pipe, in JSON or YAML; at most one byte more than may be. Raises `ManifestRefused`."""
    if len(content) > MAX_BYTES:
        raise refused(Path(name), TOO_LARGE)
    reading = ManifestReading()
    reading.read(Path(name), lambda: decoded(content))
    return reading.manifest()


def _files(path: Path) -> tuple[Sequence[Path], Sequence[str]]:
    """The files to read, and the names of those that are not."""
    if path.is_dir():
        inside = sorted(path.iterdir())
        files = [each for each in inside if is_manifest(each) and not each.name.startswith(".") and not each.is_dir()]
    else:
        inside = files = [path]
    if not files:
        raise refused(path, f"the directory has no {', '.join(SUFFIXES)} file")
    for file in files:
        if not file.is_file():
            raise refused(file, "there is no such file")
        if not is_manifest(file):
            raise refused(file, f"a manifest's name ends in {', '.join(SUFFIXES)}")
    if sum(file.stat().st_size for file in files) > MAX_BYTES:
        raise refused(path, TOO_LARGE)
    return files, [f"{each.name}/" if each.is_dir() else each.name for each in inside if each not in files]


def is_manifest(file: Path) -> bool:
    """Whether the file's name is one of a manifest."""
    return file.suffix.lower() in SUFFIXES


def _text(file: Path) -> str:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise Unreadable([Flaw(1, "", f"cannot be read: {error.strerror}")]) from error
    return decoded(content)


def decoded(content: bytes) -> str:
    """The text: UTF-8, or UTF-16 with its mark, which PowerShell writes. Raises `Unreadable`."""
    try:
        return content.decode("utf-16" if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable([Flaw(content[: error.start].count(b"\n") + 1, "", "not UTF-8")]) from error
