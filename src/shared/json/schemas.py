"""JSON Schemas of users: judged before they are stored, compiled, and run at a bounded cost.

Each is judged by the rules of the dialect it declares. Nothing is ever fetched, patterns take linear time, and a schema
that could look at one value in very many ways is refused, so that neither a schema nor a value can hold the event loop
for long.
"""

from collections.abc import Iterator, Mapping, Sequence
from operator import mul
from typing import Any

from jsonschema_rs import (
    Draft4Validator,
    Draft6Validator,
    Draft7Validator,
    Draft201909Validator,
    Draft202012Validator,
    ValidationError,
    ValidationErrorKind,
    Validator,
)

from shared.errors import FieldError
from shared.json.documents import json_pointer, nested_sizes, too_large
from shared.json.pattern_engine import LARGE, LOOKING, finder, pattern_flaws
from shared.json.schema_copy import MAX_PATTERNS, SchemaCopy, judged, patterns_of
from shared.json.schema_cost import SchemaCost
from shared.json.schema_dialects import DIALECTS, UNKNOWN, USUAL, Dialect, dialect_of
from shared.json.schema_places import Places
from shared.patterns.translation import is_pattern

MAX_MESSAGE = 300
LOOKS = 500_000
LOOKS_TOLD = 10_000

MASK = "the value"
OF_KEYS = ("additionalProperties", "propertyNames")

VALIDATORS: Sequence[type[Validator]] = (
    Draft4Validator,
    Draft6Validator,
    Draft7Validator,
    Draft201909Validator,
    Draft202012Validator,
)
META = [
    each({"$ref": dialect.uri}, offline=True, mask=MASK) for each, dialect in zip(VALIDATORS, DIALECTS, strict=True)
]

TOO_MANY_VALUES = "holds too many values to be checked against the schema"
UNTOLD = "does not fit the schema, and holds too many values to say where"


class UnusableSchema(Exception):  # noqa: N818 - an answer about a document, with everything that is wrong in it
    """The document is no usable schema. `errors` point into it."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__("; ".join(f"{error.pointer}: {error.message}" for error in errors))
        self.errors = tuple(errors)


class JsonSchema:
    """A compiled schema. Formats it names are asserted; unknown ones are not. Raises `UnusableSchema`."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        if errors := too_large(document):
            raise UnusableSchema(errors)
        dialect = dialect_of(document)
        if dialect is None:
            raise UnusableSchema([FieldError("/$schema", UNKNOWN)])
        places = Places(document, dialect)
        _require_schema(document, dialect, places)
        cost = SchemaCost(places)
        _require_none(cost.flaws)
        self._ways = cost.by_depth
        self._most = max(cost.by_depth)
        copy = SchemaCopy(places, cost, dialect)
        _require_none([*copy.flaws, *pattern_flaws(copy)])
        self._patterns: Mapping[str, str] = copy.patterns
        self._looking = {name: text for name, (text, _) in copy.looking.items()}
        formats = {"regex": is_pattern} | {name: finder(pattern) for name, (_, pattern) in copy.looking.items()}
        options = LOOKING if copy.has_looking_names else LARGE
        try:
            self._validator = VALIDATORS[dialect.order](
                copy.document, offline=True, mask=MASK, validate_formats=True, formats=formats, pattern_options=options
            )
        except ValidationError as error:
            raise UnusableSchema([FieldError("", error.message[:MAX_MESSAGE])]) from error

    def errors(self, value: Any, *, complete: bool = True) -> Sequence[FieldError]:
        """Return what does not fit, with pointers into the value, none twice; empty when all does.

        `complete` False: what is missing, and what a further key might set right, does not count.
        """
        sizes = nested_sizes(value)
        if sum(sizes) * self._most > LOOKS and sum(map(mul, *self._looks(sizes))) > LOOKS:
            return [FieldError("", TOO_MANY_VALUES)]
        if self._validator.is_valid(value):
            return []
        # The library collects errors eagerly, each with a copy of its value.
        below = [sum(sizes[depth:]) for depth in range(len(sizes))]
        if sum(map(mul, *self._looks(below))) > LOOKS_TOLD:
            return [FieldError("", UNTOLD)]
        found = list(self._validator.iter_errors(value))
        if not complete:
            found = _written_wrong(found)
        return list(dict.fromkeys(each for error in found for each in self._field_errors(error)))

    def _field_errors(self, error: ValidationError) -> Iterator[FieldError]:
        """Report an error where a reader looks for it: what is missing or unknown at its own key."""
        at = json_pointer(error.instance_path)
        match error.kind:
            case ValidationErrorKind.Required(name):
                yield FieldError(at + json_pointer([name]), "is missing")
            case ValidationErrorKind.AdditionalProperties(names) | ValidationErrorKind.UnevaluatedProperties(names):
                yield from (FieldError(at + json_pointer([name]), "is not a known key") for name in names)
            case ValidationErrorKind.FalseSchema() if error.schema_path[-1] in OF_KEYS:
                yield FieldError(at, "takes no keys")
            case ValidationErrorKind.FalseSchema():
                yield FieldError(at, "is not allowed")
            case ValidationErrorKind.PropertyNames(inner):
                message = f"is no key that is allowed: {self._message(inner).replace(MASK, 'it', 1)}"
                yield FieldError(at + json_pointer([str(inner.instance)]), message[:MAX_MESSAGE])
            case _:
                yield FieldError(at, self._message(error)[:MAX_MESSAGE])

    def _message(self, error: ValidationError) -> str:
        """Describe the error in terms of the user's schema, not of its copy."""
        match error.kind:
            case ValidationErrorKind.Pattern(pattern):
                return f'{MASK} does not match "{self._patterns.get(pattern, pattern)}"'
            case ValidationErrorKind.Format(name) if name in self._looking:
                return f'{MASK} does not match "{self._looking[name]}"'
            case ValidationErrorKind.Not():
                return f"{MASK} fits what `not` rules out"
            case _:
                return error.message

    def _looks(self, sizes: Sequence[int]) -> tuple[Sequence[int], Sequence[int]]:
        return [*self._ways, *[self._ways[-1]] * (len(sizes) - len(self._ways))], sizes


def _require_none(flaws: Sequence[FieldError]) -> None:
    if flaws:
        raise UnusableSchema(list(dict.fromkeys(flaws)))


def _require_schema(document: Mapping[str, Any], dialect: Dialect, places: Places) -> None:
    of_meta = _meta_flaws(document, dialect)
    for place in places.unreferenced:
        of_meta += _meta_flaws(place.schema, dialect, json_pointer(place.path))
    if not of_meta:
        _require_none(places.flaws)
        return
    # Flaws of patterns, which otherwise come from the copy, are added here, since no copy is made of an invalid schema.
    patterns = [each for place in places.by_path.values() for each in patterns_of(place)][:MAX_PATTERNS]
    wrong = [
        FieldError(json_pointer(path), reason) for text, path in patterns if isinstance(reason := judged(text), str)
    ]
    raise UnusableSchema(list(dict.fromkeys([*of_meta, *places.flaws, *wrong])))


def _meta_flaws(document: Any, dialect: Dialect, pointer: str = "") -> list[FieldError]:
    meta = META[dialect.order]
    if meta.is_valid(document):
        return []
    if sum(nested_sizes(document)) > LOOKS_TOLD:
        return [FieldError(pointer, "is no schema, and too large to say where it is none")]
    return [_meta_flaw(error, dialect, pointer) for error in meta.iter_errors(document)]


def _meta_flaw(error: ValidationError, dialect: Dialect, pointer: str) -> FieldError:
    message = error.message
    if dialect is USUAL and error.instance_path[-1:] == ["items"]:
        message += ": a list of them is `prefixItems` in 2020-12, or `$schema` can name an earlier dialect"
    return FieldError(pointer + json_pointer(error.instance_path), f"{message} ({dialect.name})"[:MAX_MESSAGE])


def _written_wrong(found: Sequence[ValidationError]) -> list[ValidationError]:
    kept = [error for error in found if not _is_curable(error)]
    if len(kept) == len(found):
        return kept
    # Keys known only to a branch that is not satisfied yet are reported as unevaluated, and may become known later.
    return [
        error
        for error in kept
        if _is_in_array(error) or not isinstance(error.kind, ValidationErrorKind.UnevaluatedProperties)
    ]


def _is_in_array(error: ValidationError) -> bool:
    """Whether the error is inside an array: layers replace arrays as a whole, so no key can be added there."""
    return any(isinstance(part, int) for part in error.instance_path)


def _is_curable(error: ValidationError) -> bool:
    if _is_in_array(error):
        return False
    match error.kind:
        case (
            ValidationErrorKind.Required()
            | ValidationErrorKind.MinProperties()
            | ValidationErrorKind.OneOfMultipleValid()
            | ValidationErrorKind.Not()
        ):
            return True
        case ValidationErrorKind.AnyOf(branches) | ValidationErrorKind.OneOfNotValid(branches):
            return any(all(map(_is_curable, branch)) for branch in branches)
        case _:
            return False
