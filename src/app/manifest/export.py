"""Writes what is registered as the manifest that `apply` takes back unchanged."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec
import yaml
from msgspec import Struct
from msgspec.structs import fields

from app.manifest.apply import Registered
from app.manifest.model import Manifest, ManifestIndustry, ManifestModule, ManifestRefused, read_manifest
from app.manifest.parse import NUMBER_ELSEWHERE
from shared.errors import Conflict
from shared.json.patches import same_json

Form = Literal["yaml", "json"]

_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class NotExportable(Conflict):
    """What is registered goes beyond what a manifest may hold."""


async def registered_manifest(registered: Registered) -> Manifest:
    """What there is, by id."""
    # industries first: a module that one of them names then is there when the modules are read
    industries, modules = await registered.industries(), await registered.modules()
    return Manifest([modules[id_] for id_ in sorted(modules)], [industries[code] for code in sorted(industries)])


def exported(manifest: Manifest, form: Form) -> str:
    """The manifest's text: one text for one content, whatever was done in which order.

    It was read again and is the same. Raises `NotExportable`.
    """
    document = document_of(manifest)
    text = as_yaml(document) if form == "yaml" else as_json(document)
    try:
        read = read_manifest(f"export.{form}", text)
    except ManifestRefused as refused:
        raise NotExportable(f"A manifest cannot hold what is registered: {refused.errors[0]}") from refused
    if not same_json(document_of(read), document):
        raise NotExportable("A manifest would not be read as it is registered. Back the database up instead.")
    return text


def document_of(manifest: Manifest) -> dict[str, Any]:
    """Fields in the order of the manifest's structs; those that have their default are left out."""
    return {
        "modules": [plain(module) for module in manifest.modules],
        "industries": [plain(industry) for industry in manifest.industries],
    }


def plain(item: ManifestModule | ManifestIndustry | Struct) -> dict[str, Any]:
    """The item as JSON has it."""
    shown: dict[str, Any] = {}
    for field in fields(item):
        value = getattr(item, field.name)
        if field.required or not same_json(value, default_of(field)):
            shown[field.name] = plain_value(value)
    return shown


def plain_value(value: Any) -> Any:
    """Structs and lists of them taken apart; documents as they are."""
    if isinstance(value, Struct):
        return plain(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain_value(each) for each in value]
    return value


def default_of(field: msgspec.structs.FieldInfo) -> Any:
    """What a field is when it is left out."""
    return field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()


def as_json(document: Mapping[str, Any]) -> str:
    """Indented, with keys in their order."""
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


def as_yaml(document: Mapping[str, Any]) -> str:
    """Without aliases or folded lines; text of several lines stands as a block."""
    text: str = yaml.dump(
        document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=2**31 - 1, default_flow_style=False
    )
    return text


class _Dumper(_DUMPER):  # type: ignore[misc] # the library's C class, where it was built, has no types
    """Writes what the manifest's strict reader takes."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: Any, text: str) -> Any:
    style = "|" if "\n" in text else "'" if NUMBER_ELSEWHERE.fullmatch(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
