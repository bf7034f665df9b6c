"""Read manifests from files, directories of files, pipes and texts, and export what is registered as one."""

from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

import msgspec
import yaml
from msgspec.structs import replace

from app.manifest.apply import Registered
from app.manifest.model import MAX_BYTES, Manifest, ManifestError, ManifestRefused, Place
from app.manifest.parse import NUMBER_ELSEWHERE, SUFFIXES, Flaw, Unreadable
from app.manifest.validation import ManifestReader
from shared.errors import Conflict
from shared.json.patches import same_json

Form = Literal["yaml", "json"]

TOO_LARGE = f"larger than {MAX_BYTES:,} bytes: apply it in parts"
_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


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


class NotExportable(Conflict):
    """What is registered goes beyond what a manifest may hold."""


async def registered_manifest(registered: Registered) -> Manifest:
    # Industries are read first, so that every module they name is already registered when modules are read.
    industries, modules = await registered.industries(), await registered.modules()
    return Manifest([modules[id_] for id_ in sorted(modules)], [industries[code] for code in sorted(industries)])


def export_manifest(manifest: Manifest, form: Form) -> str:
    """Return the manifest's text: the same for the same content. Raises `NotExportable` unless it reads back equal."""
    document = to_document(manifest)
    text = to_yaml(document) if form == "yaml" else to_json(document)
    try:
        read_back = read_manifest(f"export.{form}", text.encode())
    except ManifestRefused as error:
        raise NotExportable(f"A manifest cannot hold what is registered: {error.errors[0]}") from error
    if not same_json(to_document(read_back), document):
        raise NotExportable("A manifest would not be read as it is registered. Back the database up instead.")
    return text


def to_document(manifest: Manifest) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.to_builtins({"modules": manifest.modules, "industries": manifest.industries})
    return document


def to_json(document: Mapping[str, Any]) -> str:
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


def to_yaml(document: Mapping[str, Any]) -> str:
    """Write without aliases or folded lines; text of several lines is a block."""
    text: str = yaml.dump(
        document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=2**31 - 1, default_flow_style=False
    )
    return text


class _Dumper(_DUMPER):  # type: ignore[misc] # the library's C class, where it was built, has no types
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_text(dumper: Any, text: str) -> Any:
    style = "|" if "\n" in text else "'" if NUMBER_ELSEWHERE.fullmatch(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)
