"""Examples of the documents, made of the examples of their fields.

A field's example is that of its type (`Meta(examples=[…])`), else that of its name in `examples.yaml`, else one of its
form.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import jsonschema_rs

from app.apidocs import Schema, read_data

BY_NAME: Mapping[str, Any] = read_data("examples.yaml")
AGGREGATES: Mapping[str, str] = {
    "access": BY_NAME["user_id"],
    "assignments": BY_NAME["organization_id"],
    "industries": BY_NAME["industry_code"],
    "organizations": BY_NAME["organization_id"],
    "registry": BY_NAME["module_id"],
    "system": BY_NAME["letter_id"],
}
"""An aggregate of each context's streams."""
SIMPLE: Mapping[str | None, Any] = {
    "boolean": True,
    "date-time": "2026-11-23T09:30:00Z",
    "null": None,
    "number": 0.5,
    "object": {},
    None: {},
}


class ExampleMissing(LookupError):  # noqa: N818 - a request to whoever adds a field
    """A text field without an example."""


class Examples:
    """`named` are the schemas that others may refer to, by the end of the reference."""

    def __init__(self, named: Mapping[str, Schema]) -> None:
        self._named = named

    def of(self, schema: Schema, name: str = "", struct: str = "") -> Any:
        """Return a valid example. Raises `ExampleMissing`."""
        if schema.get("examples"):
            return schema["examples"][0]
        if "$ref" in schema:
            referred = schema["$ref"].rpartition("/")[2]
            return self.of(self._named[referred], name, referred)
        if "properties" in schema:
            return self._of_properties(schema["properties"], schema.get("required", ()), struct)
        if name in BY_NAME and self.fits(BY_NAME[name], schema):
            return BY_NAME[name]
        return self._by_form(schema, name, struct)

    def fits(self, value: Any, schema: Schema) -> bool:
        return jsonschema_rs.is_valid({**schema, **self._context}, value, validate_formats=True)

    @cached_property
    def _context(self) -> Schema:
        return {"components": {"schemas": dict(self._named)}, "$defs": dict(self._named)}

    def _of_properties(self, properties: Mapping[str, Schema], required: Any, struct: str) -> dict[str, Any]:
        # Where every field is optional, as in a change, the example has the first one alone.
        names = list(properties)[: None if required else 1]
        return {name: self.of(properties[name], name, struct) for name in names}

    def _by_form(self, schema: Schema, name: str, struct: str) -> Any:
        settled = [schema[key] for key in ("const", "default") if key in schema]
        if values := schema.get("enum") or settled:
            return values[0]
        if "anyOf" in schema:
            return self.of(next(each for each in schema["anyOf"] if each.get("type") != "null"), name, struct)
        if schema.get("type") == "array":
            return [self.of(schema["items"], name, struct)] if schema.get("items") else []
        if schema.get("type") == "integer":
            return max(1, schema.get("minimum", 1))
        form = schema.get("format") or schema.get("type")
        if form not in SIMPLE:
            where = struct or "a parameter"
            raise ExampleMissing(
                f"Give `{name}` of {where} an example: in its type, `Meta(examples=[…])`, or, where the name means "
                "the same everywhere, in app/apidocs/examples.yaml."
            )
        return SIMPLE[form]
