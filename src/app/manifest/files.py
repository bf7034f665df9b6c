"""Read manifests from files, directories of files, pipes and texts."""

from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from app.manifest.model import MAX_BYTES, Manifest, ManifestError, ManifestRefused, Place
from app.manifest.parse import SUFFIXES, Flaw, Unreadable
from app.manifest.validation import ManifestReader

TOO_LARGE = f"larger than {MAX_BYTES:,} bytes: apply it in parts"


def load_manifest(path: Path) -> Manifest:
    """Read a file, or the .yaml, .yml and .json files of a directory by name, without hidden ones and subdirectories.

    Raises `ManifestRefused` with all errors of all files.
    """
    reader = ManifestReader()
    files, skipped = _files(path)
    for file in files:
        reader.read(str(file), file.suffix.lower(), partial(_load_text, file))
    return replace(reader.manifest(), skipped=tuple(skipped))


def read_manifest(name: str, content: bytes) -> Manifest:
    """Read a content as the file of that name; without a suffix, as JSON or YAML. Raises `ManifestRefused`."""
    if len(content) > MAX_BYTES:
        raise refused(name, TOO_LARGE)
    reader = ManifestReader()
    reader.read(name, Path(name).suffix.lower(), partial(decode, content))
    return reader.manifest()


def _files(path: Path) -> tuple[Sequence[Path], Sequence[str]]:
    inside = files = [path]
    if path.is_dir():
        inside = sorted(path.iterdir())
        files = [each for each in inside if is_manifest(each) and not each.name.startswith(".") and not each.is_dir()]
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
    return file.suffix.lower() in SUFFIXES


def refused(file: Path | str, message: str) -> ManifestRefused:
    return ManifestRefused([ManifestError(Place(str(file), 1), message)])


def _load_text(file: Path) -> str:
    try:
        return decode(file.read_bytes())
    except OSError as error:
        raise Unreadable([Flaw(1, (), f"cannot be read: {error.strerror}")]) from error


def decode(content: bytes) -> str:
    """Decode UTF-8, or UTF-16 with its mark, which PowerShell writes. Raises `Unreadable`."""
    try:
        return content.decode("utf-16" if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable([Flaw(content[: error.start].count(b"\n") + 1, (), "not UTF-8")]) from error
