"""The manifest: modules and industries as files describe them. Read strictly, refused as a whole.

A manifest is a YAML file (several documents are one), a JSON file, a stream of either, or a directory of files. Its
top-level keys are `modules`, a list of `ManifestModule`, and `industries`, a list of `ManifestIndustry`; keys that
begin with `x-` or a dot hold what aliases are to repeat, and describe nothing.
"""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from industries.commands import Description as IndustryDescription
from industries.commands import IndustryName
from registry.commands import ApiEndpoint, Category, Description, Document, ModuleName, ModuleVersion, ServiceName
from shared.slugs import Slug

MAX_BYTES = 8 * 1024 * 1024
MAX_ENTRIES = 2000


class ManifestModule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A module as it is to be registered."""

    module_id: Slug
    module_name: ModuleName
    description: Description = ""
    category: Category
    service_name: ServiceName
    api_endpoint: ApiEndpoint
    version: ModuleVersion
    metadata: Document = {}
    default_config: Document = {}
    is_active: bool = True
    config_schema: Document | None = None


class ManifestEntry(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One module of an industry; its place in the list is its display order."""

    module_id: Slug
    is_required: bool
    default_config: Document = {}


class ManifestIndustry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """An industry template as it is to be, with the whole list of its modules."""

    industry_code: Slug
    industry_name: IndustryName
    description: IndustryDescription = ""
    is_active: bool = True
    modules: Annotated[Sequence[ManifestEntry], Meta(max_length=MAX_ENTRIES)]


class ManifestDocument(Struct, frozen=True, forbid_unknown_fields=True):
    """Modules and industries of Modplane. Keys that begin with `x-` or a dot hold what aliases repeat."""

    modules: Sequence[ManifestModule] = ()
    industries: Sequence[ManifestIndustry] = ()


def manifest_schema() -> dict[str, Any]:
    schema = msgspec.json.schema(ManifestDocument)
    schema["$defs"]["ManifestDocument"]["patternProperties"] = {r"^(x-|\.)": {}}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Manifest of Modplane", **schema}


class Place(Struct, frozen=True):
    """A line of a file, counted from 1, and the field on it, as in `industries[0].modules[2]`."""

    file: str
    line: int
    field: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.field}" if self.field else f"{self.file}:{self.line}"


class ManifestError(Struct, frozen=True):
    place: Place
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


class ManifestRefused(Exception):  # noqa: N818 - an answer about a manifest, with everything that is wrong in it
    """Nothing of the manifest is used. `errors` are in the order of the files."""

    def __init__(self, errors: Sequence[ManifestError]) -> None:
        super().__init__("\n".join(map(str, errors)))
        self.errors = tuple(errors)


class Mention(Struct, frozen=True):
    industry_code: str
    module_id: str
    place: Place


class Manifest(Struct, frozen=True):
    """No id is there twice. `mentions` are in the order of the files; `skipped` are names in a directory, not read."""

    modules: Sequence[ManifestModule]
    industries: Sequence[ManifestIndustry]
    mentions: Sequence[Mention] = ()
    skipped: Sequence[str] = ()
