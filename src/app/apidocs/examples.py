"""Examples of the documents, made of the examples of fields: one story of a bakery and its software.

A field's example is that of its type (`Meta(examples=[…])`), else the one its name has here, else one of its form.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import jsonschema_rs

from shared.http.command_route import PREVIEW_EXAMPLE

Schema = dict[str, Any]

ORGANIZATION = "0193a4c2-7d1e-7c3a-9b1f-5e2d8c4a6f10"
PERSON = "0193a4c2-7d1e-7f52-8a64-1c9e0b7d3a55"
OPERATION = "6f1c2b9e-3d57-5a8e-9c41-2b7f0d6e8a13"
LETTER = "5d0c8f0e-64f2-5c1b-8a3a-0b9e6f2d7c41"
MODULE, INDUSTRY = "field_service", "bakery"
MOMENT = "2026-11-23T09:30:00Z"

BY_NAME: Mapping[str, Any] = {
    "access_token": "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIwMTkzYTRjMiJ9.c2lnbmF0dXJl",
    "admin_email": "ada@crumb.example",
    "admin_name": "Ada Baker",
    "admin_password": "correct horse battery",
    "aggregate_id": ORGANIZATION,
    "answered_by": "api-1",
    "api_endpoint": "/api/field-service",
    "applied": [MODULE],
    "assigned": [MODULE],
    "body": '{"operation_id": "6f1c2b9e-3d57-5a8e-9c41-2b7f0d6e8a13", "command": {"type": "assign_module"}}',
    "bulk_operation_id": OPERATION,
    "by": PERSON,
    "category": "Operations",
    "change": "added",
    "changes": {"description": {"before": "Bread.", "after": "Bread and cakes."}},
    "code": "module_not_found",
    "color": "#1c7ed6",
    "command": "assign_module",
    "config": {"dispatch": {"radius_km": 40}},
    "config_discarded": False,
    "config_schema": {
        "type": "object",
        "properties": {"dispatch": {"properties": {"radius_km": {"type": "integer", "minimum": 1, "maximum": 500}}}},
    },
    "context": "assignments",
    "count": 318,
    "created_by": PERSON,
    "day": "2026-11-23",
    "default_config": {"dispatch": {"radius_km": 25}},
    "description": "For bakers, and for those who repair their ovens.",
    "detail": "No such module is registered. See GET /api/v1/module-registry.",
    "email": "ada@crumb.example",
    "error": "CheckViolationError('new row violates check constraint')",
    "event_id": "9d3e7c15-2a4b-5f60-8c1d-7e9f0a2b4c6d",
    "examined": 318,
    "expires_at": "2027-11-23T00:00:00Z",
    "expires_in": 900,
    "force": False,
    "further_scopes": ["events:read"],
    "group": "modplane.assignments.commands",
    "handled_by": PERSON,
    "icon": "truck",
    "id": ORGANIZATION,
    "industry_code": INDUSTRY,
    "industry_name": "Bakery",
    "key": ORGANIZATION,
    "kind": "explicit",
    "leader": "worker-1",
    "letter_id": LETTER,
    "message": 'the value is not of type "integer"',
    "metadata": {"icon": "truck"},
    "module_id": MODULE,
    "module_ids": [MODULE, "oven_monitoring"],
    "module_name": "Field Service",
    "module_version": "2.4.0",
    "name": "Crumb & Crust",
    "next_cursor": "WyJDcnVtYiAmIENydXN0IiwiMDE5M2E0YzItN2QxZSJd.k3J9sQ2vTz0",
    "operation_id": OPERATION,
    "operation_status": "failed",
    "operation_token": "eyJhbGciOiJFZERTQSJ9.eyJvcCI6IjZmMWMyYjllIn0.c2lnbmF0dXJl",
    "organization_id": ORGANIZATION,
    "organization_ids": [ORGANIZATION],
    "organization_name": "Crumb & Crust",
    "organizations": 318,
    "origins": {"/dispatch/radius_km": 2},
    "owner_id": PERSON,
    "parts": {"postgres": "ok", "redis": "ok", "kafka": "ok"},
    "password": "correct horse battery",
    "payload": {"organization_id": ORGANIZATION, "module_id": MODULE},
    "pointer": "/dispatch/radius_km",
    "position": "184467-4711",
    "preview": PREVIEW_EXAMPLE,
    "q": "crumb",
    "reason": "asked for by the customer",
    "required_by": [INDUSTRY],
    "result": {"assigned": [MODULE], "unchanged": [], "skipped": []},
    "role": "organization_admin",
    "sequence": 12,
    "service_name": "field-service",
    "since": "2026-10-25",
    "source": "assignments",
    "sources_before": [],
    "status": "active",
    "stream": f"assignments:{ORGANIZATION}",
    "subject": MODULE,
    "subject_id": OPERATION,
    "token": "mpt_2mWk8Qz5Yt1Vb9Xc4Rn7Lp3Hs6Jd0Fg",
    "token_id": "0193a4d0-11aa-7e0b-b3c7-9d2f4e6a8b01",
    "topic": "tenant.commands.assignments",
    "total": 318,
    "type": "tenant.module.assigned",
    "unchanged_sample": [ORGANIZATION],
    "updated_at": "2026-11-24T14:05:12Z",
    "user_id": PERSON,
    "version": "2.4.0",
    "waiting_for": "",
    "would_change_sample": [ORGANIZATION],
    **{
        name: []
        for name in ("blocked_by", "config_errors", "discarded_configs", "overruled", "removed", "skipped", "unchanged")
    },
    **dict.fromkeys(("impact", "ineffective_because", "refusal", "restores", "revoked_at")),
}
AGGREGATES: Mapping[str, str] = {
    "access": PERSON,
    "assignments": ORGANIZATION,
    "industries": INDUSTRY,
    "organizations": ORGANIZATION,
    "registry": MODULE,
    "system": LETTER,
}
"""An aggregate of each context's streams."""
SIMPLE: Mapping[str | None, Any] = {
    "boolean": True,
    "date-time": MOMENT,
    "null": None,
    "number": 0.5,
    "object": {},
    None: {},
}


class ExampleMissing(LookupError):  # noqa: N818 - a request to whoever adds a field
    """A text field without an example."""


class Examples:
    """Examples of schemas; `named` are those that they may refer to, by the end of the reference."""

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
        # What may be left out altogether, such as a change, is shown by its first field.
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
                "the same everywhere, in app/apidocs/examples.py."
            )
        return SIMPLE[form]
