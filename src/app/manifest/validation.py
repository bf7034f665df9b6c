"""Validate the documents of files against the schema of manifests, and collect all errors with their lines."""

from collections.abc import Callable, Iterator, Sequence
from difflib import get_close_matches
from typing import Any

import msgspec
from jsonschema_rs import Draft202012Validator, ValidationError
from jsonschema_rs import ValidationErrorKind as Kind

from app.manifest.model import (
    Manifest,
    ManifestDocument,
    ManifestError,
    ManifestIndustry,
    ManifestModule,
    ManifestRefused,
    Mention,
    Place,
    manifest_schema,
)
from app.manifest.parse import Document, Path, Unreadable, format_path, parse
from shared.json.schemas import JsonSchema, UnusableSchema
from shared.text.forms import composed, flaw_of, texts_of

SCHEMA = manifest_schema()
VALIDATOR = Draft202012Validator(SCHEMA, offline=True, mask="the value")
SECTIONS = {"modules": ManifestModule, "industries": ManifestIndustry}
TYPE_NAMES = {
    "array": "a list",
    "boolean": "true or false",
    "object": "a mapping of fields",
    "string": "text",
    bool: "true or false",
    dict: "a mapping",
    float: "a number",
    int: "a number",
    list: "a list",
    str: "text",
    type(None): "null",
}

Errors = Iterator[tuple[Path, str]]


class ManifestReader:
    def __init__(self) -> None:
        self._errors: list[ManifestError] = []
        self._first_places: dict[tuple[Any, ...], Place] = {}
        self._modules: list[ManifestModule] = []
        self._industries: list[ManifestIndustry] = []
        self._mentions: list[Mention] = []

    def manifest(self) -> Manifest:
        """Return the content of all files. Raises `ManifestRefused` with the errors of all files."""
        if self._errors:
            raise ManifestRefused(self._errors)
        return Manifest(self._modules, self._industries, self._mentions)

    def read(self, file: str, suffix: str, load_text: Callable[[], str]) -> None:
        try:
            documents, flaws = parse(load_text(), suffix)
        except Unreadable as unreadable:
            documents, flaws = [], unreadable.flaws
        errors = [ManifestError(Place(file, flaw.line, format_path(flaw.path)), flaw.message) for flaw in flaws]
        for document in documents:
            errors += [ManifestError(_place(file, document, path), message) for path, message in validate(document)]
            errors += self._duplicates(file, document)
        self._errors += sorted(errors, key=lambda error: error.place.line)
        for document in documents if not self._errors else ():
            self._add(file, document)

    def _duplicates(self, file: str, document: Document) -> Iterator[ManifestError]:
        for path, id_ in (*_ids(document.value), *_ids(document.value, "industries", "industry_code")):
            # Modules and industries are unique across all files, entries within the list of their industry.
            scope = path[:-2]
            key = (*scope, id_) if len(scope) == 1 else (file, id(document), *scope, id_)
            place = _place(file, document, path)
            first = self._first_places.setdefault(key, place)
            if first is not place:
                yield ManifestError(place, f"{id_[:63]} is given twice, first at {first.file}:{first.line}")

    def _add(self, file: str, document: Document) -> None:
        content = msgspec.convert({name: document.value.get(name, []) for name in SECTIONS}, ManifestDocument)
        self._modules += content.modules
        self._industries += content.industries
        for place, industry in enumerate(content.industries):
            for inner, entry in enumerate(industry.modules):
                path = ("industries", place, "modules", inner, "module_id")
                self._mentions.append(Mention(industry.industry_code, entry.module_id, _place(file, document, path)))


def _place(file: str, document: Document, path: Path) -> Place:
    return Place(file, document.line(path), format_path(path))


def _ids(value: Any, section: str = "modules", name: str = "module_id") -> Iterator[tuple[Path, str]]:
    for place, item in _items(value, section):
        if isinstance(id_ := item.get(name), str):
            yield (section, place, name), id_
        if section == "industries":
            yield from (((section, place, *path), entry_id) for path, entry_id in _ids(item))


def _items(value: Any, key: str) -> Sequence[tuple[int, dict[str, Any]]]:
    items = value.get(key) if isinstance(value, dict) else None
    return [each for each in enumerate(items if isinstance(items, list) else ()) if isinstance(each[1], dict)]


def validate(document: Document) -> Errors:
    """Normalize the document's texts in place, and yield its errors by path."""
    text_errors = dict(_compose_texts(document.value))
    schema_errors = (each for error in VALIDATOR.iter_errors(document.value) for each in _describe(error))
    yield from text_errors.items()
    for path, message in (*schema_errors, *_unusable_schemas(document)):
        if path not in text_errors and document.is_usable(path):
            yield path, message


def _compose_texts(value: Any) -> Errors:
    for section, kind in SECTIONS.items():
        for place, item in _items(value, section):
            for name, text_kind, limit in texts_of(kind):
                if isinstance(text := item.get(name), str):
                    item[name] = composed(text)
                    if flaw := flaw_of(item[name], text_kind, limit):
                        yield (section, place, name), f"The text {flaw}"


def _unusable_schemas(document: Document) -> Errors:
    for place, module in _items(document.value, "modules"):
        path = ("modules", place, "config_schema")
        if isinstance(schema := module.get("config_schema"), dict) and not document.has_flaw(path):
            try:
                JsonSchema(schema)
            except UnusableSchema as unusable:
                yield from ((path, f"no usable schema: {each.pointer} {each.message}") for each in unusable.errors)


def _describe(error: ValidationError) -> Errors:
    path = tuple(error.instance_path)
    match error.kind:
        case Kind.Required(name):
            yield (*path, name), "missing"
        case Kind.AdditionalProperties(names):
            known = list(SCHEMA["$defs"][error.schema_path[1]]["properties"])
            yield from (((*path, name), _describe_unknown(name, known)) for name in names)
        case Kind.Type() if not path:
            yield path, "expected `modules:` and `industries:` at the top"
        case Kind.Type([expected]):
            yield path, _describe_type(expected, error.instance)
        case Kind.AnyOf():
            yield path, f"expected {TYPE_NAMES['object']} or null, got {TYPE_NAMES[type(error.instance)]}"
        case Kind.MaxItems(limit):
            yield path, f"more than {limit}"
        case Kind.Pattern():
            yield path, "2 to 63 of a-z, 0-9 and _, a letter first"
        case _:
            yield path, error.message


def _describe_type(expected: str, value: Any) -> str:
    hint = ": quote it if it is text" if expected == "string" and not isinstance(value, dict | list) else ""
    return f"expected {TYPE_NAMES[expected]}, got {TYPE_NAMES[type(value)]}{hint}"


def _describe_unknown(name: str, known: Sequence[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f"unknown field; did you mean {close[0]}?" if close else f"unknown field; known are {', '.join(known)}"
