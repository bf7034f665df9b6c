"""Export what is registered as a manifest that `apply` takes back unchanged."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec
import yaml

from app.manifest.apply import Registered
from app.manifest.files import read_manifest
from app.manifest.model import Manifest, ManifestRefused
from app.manifest.parse import NUMBER_ELSEWHERE
from shared.errors import Conflict
from shared.json.patches import same_json

Form = Literal["yaml", "json"]

_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class NotExportable(Conflict):
    """What is registered goes beyond what a manifest may hold."""


async def registered_manifest(registered: Registered) -> Manifest:
    # Industries first: a module that one of them names is there when the modules are read.
    industries, modules = await registered.industries(), await registered.modules()
    return Manifest([modules[id_] for id_ in sorted(modules)], [industries[code] for code in sorted(industries)])


def export_manifest(manifest: Manifest, form: Form) -> str:
    """Return the manifest's text: the same for the same content. Raises `NotExportable` unless it reads back equal."""
    document = to_document(manifest)
    text = to_yaml(document) if form == "yaml" else to_json(document)
    try:
        read_back = read_manifest(f"export.{form}", text.encode())
    except ManifestRefused as refused:
        raise NotExportable(f"A manifest cannot hold what is registered: {refused.errors[0]}") from refused
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
