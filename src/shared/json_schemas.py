"""JSON Schemas (2020-12) that people bring: judged before they are kept, compiled, and asked at a bounded cost.

Nothing is ever fetched, patterns take linear time, and a schema that could look at one value in very many ways is
refused, so that neither a schema nor a value can hold the event loop for long.
"""

from collections.abc import Iterator, Mapping, Sequence
from operator import mul
from typing import Any

from jsonschema_rs import Draft202012Validator, RegexOptions, ValidationError, ValidationErrorKind

from shared.errors import FieldError
from shared.json_documents import json_pointer, nested_sizes, too_large
from shared.schema_ways import DIALECT, Ways

MAX_MESSAGE = 300
PATTERN_BYTES = 500_000
LOOKS = 500_000
LOOKS_TOLD = 10_000

MASK = "the value"
OF_KEYS = ("additionalProperties", "propertyNames")

OPTIONS: Mapping[str, Any] = {
    "offline": True,
    "mask": MASK,
    "validate_formats": True,
    "pattern_options": RegexOptions(size_limit=PATTERN_BYTES, dfa_size_limit=PATTERN_BYTES),
}
META = Draft202012Validator({"$ref": DIALECT}, **OPTIONS)

TOO_MANY_VALUES = "holds too many values to be checked against the schema"
UNTOLD = "does not fit the schema, and holds too many values to say where"


class UnusableSchema(Exception):  # noqa: N818 - an answer about a document, with everything that is wrong in it
    """The document is no schema that can be used here. `errors` point into it."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__("; ".join(f"{error.pointer}: {error.message}" for error in errors))
        self.errors = tuple(errors)


class JsonSchema:
    """A usable schema, compiled. Formats it names are asserted; those nobody knows are not."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        """Raises `UnusableSchema`."""
        self.document = document
        if errors := too_large(document):
            raise UnusableSchema(errors)
        _require_schema(document)
        ways = Ways(document)
        if ways.flaws:
            raise UnusableSchema(ways.flaws)
        self._ways = ways.by_depth
        self._most = max(ways.by_depth)
        try:
            self._validator = Draft202012Validator(dict(document), **OPTIONS)
        except ValidationError as error:
            raise UnusableSchema(list(_told(error))) from error

    def errors(self, value: Any, *, complete: bool = True) -> Sequence[FieldError]:
        """What does not fit, with pointers into the value, none twice; empty when all does.

        `complete` False: what is missing, and what a further key might set right, does not count.
        """
        sizes = nested_sizes(value)
        if sum(sizes) * self._most > LOOKS and sum(map(mul, *self._looks(sizes))) > LOOKS:
            return [FieldError("", TOO_MANY_VALUES)]
        if self._validator.is_valid(value):
            return []
        # the library collects errors eagerly, each with a copy of the value it is about
        below = [sum(sizes[depth:]) for depth in range(len(sizes))]
        if sum(map(mul, *self._looks(below))) > LOOKS_TOLD:
            return [FieldError("", UNTOLD)]
        found = list(self._validator.iter_errors(value))
        if not complete:
            found = _written_wrong(found)
        return list(dict.fromkeys(told for error in found for told in _told(error)))

    def _looks(self, sizes: Sequence[int]) -> tuple[Sequence[int], Sequence[int]]:
        """The ways of each depth, and the sizes."""
        return [*self._ways, *[self._ways[-1]] * (len(sizes) - len(self._ways))], sizes


def _require_schema(document: Mapping[str, Any]) -> None:
    if META.is_valid(document):
        return
    if sum(nested_sizes(document)) > LOOKS_TOLD:
        raise UnusableSchema([FieldError("", "is no schema, and too large to say where it is none")])
    raise UnusableSchema(list(dict.fromkeys(told for error in META.iter_errors(document) for told in _told(error))))


def _written_wrong(found: Sequence[ValidationError]) -> list[ValidationError]:
    kept = [error for error in found if not _is_curable(error)]
    if len(kept) == len(found):
        return kept
    # what a branch that does not fit yet would have known counts as unknown until it fits
    return [error for error in kept if not isinstance(error.kind, ValidationErrorKind.UnevaluatedProperties)]


def _is_curable(error: ValidationError) -> bool:
    """Whether a key that is added may set it right."""
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


def _told(error: ValidationError) -> Iterator[FieldError]:
    """An error where a reader looks for it: what is missing or unknown at its own key."""
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
            told = f"is no key that is allowed: {inner.message.replace(MASK, 'it', 1)}"
            yield FieldError(at + json_pointer([str(inner.instance)]), told[:MAX_MESSAGE])
        case _:
            yield FieldError(at, error.message[:MAX_MESSAGE])
