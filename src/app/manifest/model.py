"""The manifest: modules and industries as files describe them. Read strictly, refused as a whole.

A manifest is a YAML file (several documents are one), a JSON file, a stream of either, or a directory of files. Its
top-level keys are `modules`, a list of `ManifestModule`, and `industries`, a list of `ManifestIndustry`; keys that
begin with `x-` or a dot hold what aliases are to repeat, and describe nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import FieldInfo

from app.manifest.parse import Located, Text, Unreadable, read_json, read_yaml
from industries.commands import Description as IndustryDescription
from industries.commands import IndustryName
from registry.commands import ApiEndpoint, Category, Description, Document, ModuleName, ModuleVersion, ServiceName
from shared.json.schemas import JsonSchema, UnusableSchema
from shared.slugs import Slug
from shared.text.forms import convert_text

MAX_BYTES = 8 * 1024 * 1024
MAX_ENTRIES = 2000
TOO_LARGE = f"larger than {MAX_BYTES:,} bytes: apply it in parts"
HOLDERS = ("x-", ".")
SUFFIXES = (".yaml", ".yml", ".json")

Item = TypeVar("Item", bound=Struct)


class ManifestModule(Struct, frozen=True, kw_only=True):
    """A module as it is to be."""

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


class ManifestEntry(Struct, frozen=True):
    """One module of an industry; its place in the list is its display order."""

    module_id: Slug
    is_required: bool
    default_config: Document = {}


Entries = Annotated[Sequence[ManifestEntry], Meta(max_length=MAX_ENTRIES)]


class ManifestIndustry(Struct, frozen=True, kw_only=True):
    """An industry template as it is to be, with the whole list of its modules."""

    industry_code: Slug
    industry_name: IndustryName
    description: IndustryDescription = ""
    is_active: bool = True
    modules: Entries


class Place(Struct, frozen=True):
    """Where something stands; `line` counts from 1, `field` reads like `industries[0].modules[2]`."""

    file: str
    line: int
    field: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.field}" if self.field else f"{self.file}:{self.line}"


class ManifestError(Struct, frozen=True):
    """One thing that is wrong, as `file:line: field: what is wrong`."""

    place: Place
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


class ManifestRefused(Exception):  # noqa: N818 - an answer about a manifest, with everything that is wrong in it
    """Nothing of the manifest is used. `errors` are all that were found, in the order of the files."""

    def __init__(self, errors: Sequence[ManifestError]) -> None:
        super().__init__("\n".join(map(str, errors)))
        self.errors = tuple(errors)


class Mention(Struct, frozen=True):
    """An industry names a module."""

    industry_code: str
    module_id: str
    place: Place


class Manifest(Struct, frozen=True):
    """What the files describe. No id is there twice. `mentions` are in the order of the files.

    `skipped` are the names in a directory that were not read.
    """

    modules: Sequence[ManifestModule]
    industries: Sequence[ManifestIndustry]
    mentions: Sequence[Mention] = ()
    skipped: Sequence[str] = ()


def read_manifest(name: str, text: str) -> Manifest:
    """Read a text as the file of that name would be. Raises `ManifestRefused`."""
    if len(text.encode()) > MAX_BYTES:
        raise refused(Path(name), TOO_LARGE)
    reading = ManifestReading()
    reading.read(Path(name), lambda: text)
    return reading.manifest()


def refused(file: Path, message: str) -> ManifestRefused:
    """The refusal of a whole file."""
    return ManifestRefused([ManifestError(Place(str(file), 1), message)])


class ManifestReading:
    """The files on their way to a manifest: what they hold, where ids were first given, what is wrong."""

    def __init__(self) -> None:
        self._file = ""
        self._errors: list[ManifestError] = []
        self._given: dict[tuple[str, str], Place] = {}
        self._modules: list[ManifestModule] = []
        self._industries: list[ManifestIndustry] = []
        self._mentions: list[Mention] = []

    def manifest(self) -> Manifest:
        if self._errors:
            raise ManifestRefused(self._errors)
        return Manifest(self._modules, self._industries, self._mentions)

    def read(self, file: Path, text: Callable[[], str]) -> None:
        self._file = str(file)
        earlier = len(self._errors)
        try:
            content = content_of(file.suffix.lower(), text())
            flaws = content.flaws
            for document in content.documents:
                self._document(document)
        except Unreadable as unreadable:
            flaws = unreadable.flaws
        for flaw in flaws:
            self._wrong(flaw.line, flaw.field, flaw.message)
        self._errors[earlier:] = sorted(self._errors[earlier:], key=lambda error: error.place.line)

    def _document(self, document: Located) -> None:
        if not isinstance(document.value, dict):
            self._wrong_form(document, "", "expected `modules:` and `industries:` at the top")
            return
        for name, node in document.value.items():
            if name == "modules":
                self._modules += self._items(ManifestModule, node, name, name)
            elif name == "industries":
                self._industries += self._items(ManifestIndustry, node, name, name)
            elif not name.startswith(HOLDERS):
                self._wrong(node.line, name, _unknown(name, ["modules", "industries"]))

    def _items(self, kind: type[Item], node: Located, field: str, scope: str) -> Sequence[Item]:
        if not isinstance(node.value, list):
            self._wrong_form(node, field, "expected a list")
            return []
        items = [self._item(kind, child, f"{field}[{place}]", scope) for place, child in enumerate(node.value)]
        return [item for item in items if item is not None]

    def _item(self, kind: type[Item], node: Located, field: str, scope: str) -> Item | None:
        if not isinstance(node.value, dict):
            self._wrong_form(node, field, "expected a mapping of fields")
            return None
        before = len(self._errors)
        fields = _fields(kind)
        self._note_id(fields[0].name, node, field, scope)
        for name, child in node.value.items():
            if name not in kind.__struct_fields__:
                self._wrong(child.line, f"{field}.{name}", _unknown(name, kind.__struct_fields__))
        values = dict(self._values(fields, node, field))
        self._judge_schema(values.get("config_schema"), node, f"{field}.config_schema")
        return kind(**values) if len(self._errors) == before else None

    def _judge_schema(self, schema: Any, item: Located, field: str) -> None:
        try:
            JsonSchema(schema or {})
        except UnusableSchema as unusable:
            for error in unusable.errors:
                self._wrong(
                    item.value["config_schema"].line, field, f"no usable schema: {error.pointer} {error.message}"
                )

    def _values(self, fields: Sequence[FieldInfo], node: Located, field: str) -> Iterator[tuple[str, Any]]:
        for each in fields:
            inner = f"{field}.{each.name}"
            if (child := node.value.get(each.name)) is not None:
                yield each.name, self._value(each.type, child, inner, node)
            elif each.required:
                self._wrong(node.line, inner, "missing")

    def _value(self, wanted: Any, node: Located, field: str, item: Located) -> Any:
        if wanted == Entries:
            if isinstance(node.value, list):
                self._mention(item, node.value, field)
            # the scope makes one module twice in one industry a duplicate, and in two industries none
            entries = self._items(ManifestEntry, node, field, f"{self._file}:{node.line} {field}")
            return entries if len(entries) <= MAX_ENTRIES else self._wrong(node.line, field, f"more than {MAX_ENTRIES}")
        if node.is_flawed:
            return None
        try:
            return convert_text(node.plain(), wanted)
        except msgspec.ValidationError as error:
            return self._wrong(node.line, field, _told(error, node.value))

    def _note_id(self, name: str, node: Located, field: str, scope: str) -> None:
        child = node.value.get(name)
        if child is None or not isinstance(child.value, str):
            return
        place = Place(self._file, child.line)
        first = self._given.setdefault((scope, child.value), place)
        if first is not place:
            self._wrong(child.line, f"{field}.{name}", f"{child.value[:63]} is given twice, first at {first}")

    def _mention(self, industry: Located, entries: Sequence[Located], field: str) -> None:
        code = industry.value.get("industry_code")
        for place, entry in enumerate(entries):
            module_id = entry.value.get("module_id") if isinstance(entry.value, dict) else None
            if code is not None and module_id is not None:
                where = Place(self._file, module_id.line, f"{field}[{place}].module_id")
                self._mentions.append(Mention(str(code.value), str(module_id.value), where))

    def _wrong_form(self, node: Located, field: str, message: str) -> None:
        if not node.is_flawed:
            self._wrong(node.line, field, message)

    def _wrong(self, line: int, field: str, message: str) -> None:
        self._errors.append(ManifestError(Place(self._file, line, field), message))


@cache
def _fields(kind: type[Struct]) -> Sequence[FieldInfo]:
    return msgspec.structs.fields(kind)


def content_of(suffix: str, text: str) -> Text:
    """What a text holds, by the ending of its file's name; without one, JSON or YAML. Raises `Unreadable`."""
    if suffix == ".json":
        return read_json(text)
    if suffix not in SUFFIXES and text.lstrip().startswith("{"):
        with suppress(Unreadable):
            return read_json(text)
    return read_yaml(text)


def _unknown(name: str, known: Sequence[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f"unknown field; did you mean {close[0]}?" if close else f"unknown field; known are {', '.join(known)}"


def _told(error: msgspec.ValidationError, value: object) -> str:
    if "matching regex" in str(error):
        return "2 to 63 of a-z, 0-9 and _, a letter first"
    hint = (
        ": quote it if it is text" if "Expected `str`, got" in str(error) and not isinstance(value, dict | list) else ""
    )
    return f"{error}{hint}"
