"""The dialects of JSON Schema: their names, and which keywords hold subschemas, assert, or mean nothing."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

NAMES = ("draft-04", "draft-06", "draft-07", "2019-09", "2020-12")
DRAFT_04, DRAFT_06, DRAFT_07, OF_2019, OF_2020 = range(len(NAMES))

# The first and the last dialect that defines a keyword; keywords not listed are in all dialects.
SPANS: Mapping[str, tuple[int, int]] = {
    "const": (DRAFT_06, OF_2020),
    "contains": (DRAFT_06, OF_2020),
    "propertyNames": (DRAFT_06, OF_2020),
    "if": (DRAFT_07, OF_2020),
    "then": (DRAFT_07, OF_2020),
    "else": (DRAFT_07, OF_2020),
    "dependentRequired": (OF_2019, OF_2020),
    "dependentSchemas": (OF_2019, OF_2020),
    "unevaluatedProperties": (OF_2019, OF_2020),
    "unevaluatedItems": (OF_2019, OF_2020),
    "minContains": (OF_2019, OF_2020),
    "maxContains": (OF_2019, OF_2020),
    "$recursiveRef": (OF_2019, OF_2019),
    "$dynamicRef": (OF_2020, OF_2020),
    "prefixItems": (OF_2020, OF_2020),
    "additionalItems": (DRAFT_04, OF_2019),
    "extends": (OF_2020, DRAFT_04),
    "disallow": (OF_2020, DRAFT_04),
    "divisibleBy": (OF_2020, DRAFT_04),
}
ASSERTIONS = frozenset(
    (
        "type",
        "enum",
        "const",
        "multipleOf",
        "maximum",
        "exclusiveMaximum",
        "minimum",
        "exclusiveMinimum",
        "maxLength",
        "minLength",
        "maxItems",
        "minItems",
        "uniqueItems",
        "maxContains",
        "minContains",
        "maxProperties",
        "minProperties",
        "required",
        "dependentRequired",
        "format",
    )
)
REFERENCES = ("$ref", "$recursiveRef", "$dynamicRef")
DEFINITIONS = ("$defs", "definitions")

NULLABLE = 'is no keyword of JSON Schema: allow null by the type, as in ["string", "null"]'
ADDITIONAL = "has no effect in 2020-12: what follows `prefixItems` is told by `items`"
UNKNOWN = (
    "names no dialect that is known here: draft-04, draft-06, draft-07, 2019-09 and 2020-12 are, by their usual names "
    "such as https://json-schema.org/draft/2020-12/schema"
)


class Keywords(Struct, frozen=True):
    one: Sequence[str]
    many: Sequence[str]


HERE = Keywords(("not", "if", "then", "else"), ("allOf", "anyOf", "oneOf", "dependentSchemas", "dependencies"))
# At most one of these applies to a given child.
EITHER = Keywords(("additionalProperties", "items", "additionalItems"), ("prefixItems", "properties", "items"))
# Each of these may apply to every child.
EVERY = Keywords(("contains", "propertyNames", "unevaluatedProperties", "unevaluatedItems"), ("patternProperties",))
# These evaluate all keywords beside them once more.
AGAIN = ("unevaluatedProperties", "unevaluatedItems")
ONE = frozenset((*HERE.one, *EITHER.one, *EVERY.one))
MANY = frozenset((*HERE.many, *EITHER.many, *EVERY.many))


class Dialect(Struct, frozen=True):
    """One dialect, by its index in `NAMES`."""

    order: int
    uri: str

    @property
    def name(self) -> str:
        return NAMES[self.order]

    @property
    def id_keyword(self) -> str:
        return "id" if self.order == DRAFT_04 else "$id"

    @property
    def has_plain_names(self) -> bool:
        """Whether `$anchor` names a place; before, an id did that begins with #."""
        return self.order >= OF_2019

    @property
    def definitions(self) -> str:
        return "$defs" if self.order >= OF_2019 else "definitions"

    def is_only_reference(self, schema: Mapping[str, Any]) -> bool:
        return self.order <= DRAFT_07 and isinstance(schema.get("$ref"), str)

    def knows(self, keyword: str) -> bool:
        """Whether the keyword has a meaning; those of no dialect count as known."""
        first, last = SPANS.get(keyword, (DRAFT_04, OF_2020))
        return first <= self.order <= last

    def foreign(self, schema: Mapping[str, Any]) -> Mapping[str, str]:
        """Return the keywords that look like an assertion and have no effect, each with the reason."""
        found: dict[str, str] = {}
        if schema.get("nullable") is True and "null" not in _listed(schema.get("type")):
            found["nullable"] = NULLABLE
        if self.is_only_reference(schema):
            return found
        for keyword in schema:
            if not self.knows(keyword):
                found[keyword] = ADDITIONAL if keyword == "additionalItems" else self._reason(keyword)
        return found

    def _reason(self, keyword: str) -> str:
        first, last = SPANS[keyword]
        known = [name for place, name in enumerate(NAMES) if first <= place <= last]
        message = f"is no keyword of {self.name}, and would have no effect"
        return f"{message}: `$schema` can name a dialect that has it ({', '.join(known)})" if known else message


DIALECTS = (
    Dialect(DRAFT_04, "http://json-schema.org/draft-04/schema"),
    Dialect(DRAFT_06, "http://json-schema.org/draft-06/schema"),
    Dialect(DRAFT_07, "http://json-schema.org/draft-07/schema"),
    Dialect(OF_2019, "https://json-schema.org/draft/2019-09/schema"),
    Dialect(OF_2020, "https://json-schema.org/draft/2020-12/schema"),
)
USUAL = DIALECTS[-1]
BY_NAME = {each.uri.partition("://")[2]: each for each in DIALECTS}


def dialect_of(schema: Mapping[str, Any]) -> Dialect | None:
    """Return the dialect of `$schema`: the latest without one, None for an unknown one."""
    uri = schema.get("$schema", USUAL.uri)
    if not isinstance(uri, str):
        return USUAL
    scheme, _, name = uri.partition("://")
    return BY_NAME.get(name.removesuffix("#")) if scheme in {"http", "https"} else None


def _listed(types: Any) -> Sequence[Any]:
    return types if isinstance(types, list) else [types]
