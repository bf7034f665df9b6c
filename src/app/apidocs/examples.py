"""What things look like: one story of a bakery's software, told field by field, so that all examples fit together.

An example of a struct is made of its fields' examples. Where a field means something else in one struct, or a struct
is better shown with fewer fields, `OF_STRUCTS` says so.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import jsonschema_rs
from msgspec import UNSET, UnsetType

from app.apidocs.headers import PREVIEW
from app.apidocs.story import (
    CONFIG,
    CURSOR,
    INDUSTRY,
    LETTER,
    LETTER_ID,
    MODULE,
    OPERATION,
    ORGANIZATION,
    OTHER_MODULE,
    PERSON,
    PLACE,
    RECORD,
    TOKEN,
    TOLD_OF_ALL,
)

Schema = dict[str, Any]

OF_FIELDS: Mapping[str, Any] = {
    "access_token": "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIwMTkzYTRjMiJ9.c2lnbmF0dXJl",
    "admin_email": "ada@crumb.example",
    "admin_name": "Ada Baker",
    "admin_password": "correct horse battery",
    "aggregate_id": ORGANIZATION,
    "api_endpoint": "/api/field-service",
    "assigned": [MODULE],
    **{name: [] for name in ("blocked_by", "blocking", "discarded_configs")},
    "bulk_operation_id": OPERATION,
    "by": PERSON,
    "category": "Operations",
    "code": "module_not_found",
    "color": "#1c7ed6",
    "command": "assign_module",
    "config": CONFIG,
    "config_errors": [],
    "config_schema": {
        "type": "object",
        "properties": {
            "dispatch": {"properties": {"radius_km": {"type": "integer", "minimum": 1, "maximum": 500}}},
        },
    },
    "context": "assignments",
    "count": 318,
    "created_by": PERSON,
    "cursor": CURSOR,
    "config_discarded": False,
    "day": "2026-11-23",
    "default_config": {"dispatch": {"radius_km": 25}},
    "description": "Visits, routes and spare parts for people who repair ovens on site.",
    "detail": "No such module is registered. See GET /api/v1/module-registry.",
    "email": "ada@crumb.example",
    "errors": [],
    "event_id": "9d3e7c15-2a4b-5f60-8c1d-7e9f0a2b4c6d",
    "expires_in": 900,
    "extra": {},
    "force": False,
    "icon": "truck",
    "industry_code": INDUSTRY,
    "industry_name": "Bakery",
    "ineffective_because": None,
    "kind": "explicit",
    "last_event_id": PLACE,
    "letter_id": LETTER_ID,
    "subject_id": OPERATION,
    "message": "The organization does not have this module.",
    "metadata": {"icon": "truck"},
    "module_count": 2,
    "module_id": MODULE,
    "module_ids": [MODULE, OTHER_MODULE],
    "module_name": "Field Service",
    "name": "Crumb & Crust",
    "next_cursor": CURSOR,
    "operation_id": OPERATION,
    "operation_token": "eyJhbGciOiJFZERTQSJ9.eyJvcCI6IjZmMWMyYjllIn0.c2lnbmF0dXJl",
    "organization_id": ORGANIZATION,
    "organization_ids": [ORGANIZATION],
    "organization_name": "Crumb & Crust",
    "organizations": 318,
    "origins": {"/dispatch/radius_km": 2},
    "overruled": [],
    "own_config": CONFIG,
    "owner_id": PERSON,
    "parts": {"postgres": "ok", "redis": "ok", "kafka": "ok"},
    "password": "correct horse battery",
    "pointer": "/module_ids/1",
    "position": PLACE,
    "q": "crumb",
    "preview": PREVIEW,
    "reason": "asked for by the customer",
    **dict.fromkeys(("refusal", "restores", "revoked_at")),
    "removed": [],
    "required_by": [INDUSTRY],
    "required_count": 1,
    "result": {"assigned": [MODULE], "unchanged": [], "skipped": []},
    "sequence": 12,
    "service_name": "field-service",
    "sets_industry": True,
    "stream": f"assignments:{ORGANIZATION}",
    "skipped": [],
    "template_code": INDUSTRY,
    "template_version": 3,
    "token": "mpt_2mWk8Qz5Yt1Vb9Xc4Rn7Lp3Hs6Jd0Fg",
    "token_id": TOKEN,
    "type": "tenant.module.assigned",
    "unassigned": 2,
    "unchanged": [],
    "unchanged_sample": [ORGANIZATION],
    "user_id": PERSON,
    "version": 3,
    "waiting_for": "",
    "would_change_sample": [ORGANIZATION],
}

AGGREGATES: Mapping[str, str] = {
    "access": PERSON,
    "assignments": ORGANIZATION,
    "industries": INDUSTRY,
    "organizations": ORGANIZATION,
    "registry": MODULE,
    "system": LETTER_ID,
}
"""What the streams of each context are about."""

EXPLICIT = {"kind": "explicit", "by": PERSON, "industry_code": None, "version": None}
NEW = {"sources_before": [], "config_discarded": False}
ASSIGNED = {"module_id": MODULE, "config": {}, "sources": [EXPLICIT], "change": "added", **NEW}
LAYERS = [
    {
        "kind": "module",
        "module_version": "2.4.0",
        "industry_code": None,
        "template_version": None,
        "config": {"dispatch": {"radius_km": 25}},
    },
    {"kind": "template", "module_version": None, "industry_code": INDUSTRY, "template_version": 3, "config": {}},
    {
        "kind": "organization",
        "module_version": None,
        "industry_code": None,
        "template_version": None,
        "config": {"dispatch": {"radius_km": 40}},
    },
]
WRONG = [{"pointer": "/dispatch/radius_km", "message": 'the value is not of type "integer"'}]
PROGRAM = {"name": "nightly report", "role": "service", "scopes": ["read"]}

OF_STRUCTS: Mapping[str, Mapping[str, Any]] = {
    **TOLD_OF_ALL,
    "AdoptionDay": {"assigned": 14},
    **{each: {"id": TOKEN, **PROGRAM} for each in ("ApiToken", "ApiTokenResponse", "RevokedApiToken")},
    "ApiTokenRequest": PROGRAM,
    "NamedToken": {"id": TOKEN, "name": "nightly report"},
    "BulkDryRun": {"dry_run": True, "examined": 318, "unchanged": 4, "refused": 1, "would_change": 313},
    "BulkItem": {"outcome": "rejected", "code": "organization_suspended", "detail": "The organization is suspended."},
    "BulkProgress": {"status": "running", "total": 318, "finished_at": None},
    "BulkReason": {"code": "organization_suspended", "detail": "The organization is suspended.", "count": 1},
    "BulkRequest": {"organization_ids": UNSET},
    "BulkSummary": {"status": "finished"},
    "DeadLetter": LETTER,
    "DeadLetterDetails": {**LETTER, "body": RECORD, "body_bytes": len(RECORD), "operation_status": "failed"},
    "DecidedOrPreviewed": {"impact": None},
    "Difference": {"subject": MODULE, "change": "added", "before": None, "after": {"config": {}}},
    "FieldChange": {"before": "Bakeries", "after": "Bakery"},
    "IndustryChanges": {"industry_name": UNSET, "description": UNSET, "is_active": UNSET},
    "IndustryCreatedEvent": {"description": "Bread, cakes and the shops that sell them."},
    "IndustryDetails": {"description": "Bread, cakes and the shops that sell them."},
    "IndustryModules": {"version": 3},
    "IndustryResult": {"description": "Bread, cakes and the shops that sell them."},
    "IndustryTemplateAppliedEvent": {"applied": [MODULE]},
    "IndustryUpdatedEvent": {
        "changes": {"industry_name": {"before": "Bakeries", "after": "Bakery"}},
        "modules": None,
        "modules_before": None,
    },
    "IndustryToCreate": {"description": "Bread, cakes and the shops that sell them."},
    "ModuleAssignedEvent": {"modules": [ASSIGNED]},
    "LoggedEvent": {"payload": {"organization_id": ORGANIZATION, "module_id": MODULE, "modules": [ASSIGNED]}},
    "ModuleConfigUpdatedEvent": {
        "modules": [ASSIGNED | {"config": CONFIG, "change": "config", "sources_before": [EXPLICIT]}]
    },
    "ModuleUnassignedEvent": {
        "modules": [ASSIGNED | {"sources": [], "change": "removed", "sources_before": [EXPLICIT]}]
    },
    "ModuleAdoption": {"organizations": 318},
    "ModuleChanges": {
        "version": "2.5.0",
        "module_name": UNSET,
        "category": UNSET,
        "service_name": UNSET,
        "api_endpoint": UNSET,
        "metadata": UNSET,
        "default_config": UNSET,
        "config_schema": UNSET,
    },
    "ModuleConfig": {"version": "2.4.0"},
    "ModuleDetails": {"version": "2.4.0"},
    "ModuleResult": {"version": "2.4.0"},
    "ModuleToAssign": {"config": CONFIG},
    "ModuleToRegister": {"version": "2.4.0"},
    "ModuleRegisteredEvent": {"version": "2.4.0"},
    "ModuleUpdatedEvent": {"changes": {"version": {"before": "2.4.0", "after": "2.5.0"}}},
    "ModulesOutcome": {"reason": None},
    "NewOrganization": {"id": ORGANIZATION, "status": "active"},
    "OrganizationUpdatedEvent": {"changes": {"name": {"before": "Crumb", "after": "Crumb & Crust"}}},
    "ApiTokenCreatedEvent": PROGRAM | {"further_scopes": ["events:read"]},
    "UserActivatedEvent": {"role": "organization_admin"},
    "OrganizationModule": {"version": "2.4.0"},
    "OrganizationModuleDetails": {"version": "2.4.0", "layers": LAYERS},
    "OrganizationViolation": {"errors": WRONG},
    "OperationView": {"status": "applied"},
    "PreviewedChange": {"payload": {"organization_id": ORGANIZATION, "module_id": MODULE, "modules": [ASSIGNED]}},
    "Refusal": {"kind": "not_found"},
    "SignupPending": {"status": "pending"},
    "TemplateViolation": {"errors": WRONG},
    "SkippedModule": {"reason": "module_inactive", "module_id": OTHER_MODULE},
    "Refusals": {"code": "organization_suspended", "detail": "The organization is suspended.", "count": 1},
    "Source": {"kind": "template", "by": None},
    "User": {"id": PERSON, "name": "Ada Baker", "role": "organization_admin"},
}

MOMENT, MOMENTS = "2026-11-23T09:30:00Z", {"expires_at": "2027-11-23T00:00:00Z", "updated_at": "2026-11-24T14:05:12Z"}


SETTLED = ("const", "default")


class Unshown(LookupError):  # noqa: N818 - asks whoever adds a field to say what it looks like
    """A field of text of which nobody said what it looks like."""


class Examples:
    """Examples of schemas; `named` are those that they may refer to, by the end of the reference."""

    def __init__(self, named: Mapping[str, Schema]) -> None:
        self._named = named

    def of(self, schema: Schema, name: str = "", struct: str = "") -> Any:
        """An example that fits. Raises `Unshown`."""
        if "$ref" in schema:
            referred = schema["$ref"].rpartition("/")[2]
            return self.of(self._named[referred], name, referred)
        if "properties" in schema:
            return self._of_properties(schema, struct)
        if name in OF_FIELDS and self.fits(OF_FIELDS[name], schema):
            return OF_FIELDS[name]
        return self._by_form(schema, name, struct)

    def fits(self, value: Any, schema: Schema) -> bool:
        """Whether the schema allows the value."""
        return jsonschema_rs.is_valid({**schema, **self._context}, value, validate_formats=True)

    @cached_property
    def _context(self) -> Schema:
        return {"components": {"schemas": dict(self._named)}, "$defs": dict(self._named)}

    def _of_properties(self, schema: Schema, struct: str) -> dict[str, Any]:
        special, made = OF_STRUCTS.get(struct, {}), {}
        for name, each in schema["properties"].items():
            value = special[name] if name in special else self.of(each, name, struct)
            if not isinstance(value, UnsetType):
                made[name] = value
        return made

    def _by_form(self, schema: Schema, name: str, struct: str) -> Any:
        for said in (schema.get("examples"), schema.get("enum"), [schema[key] for key in SETTLED if key in schema]):
            if said:
                return said[0]
        if "anyOf" in schema:
            return self.of(next(each for each in schema["anyOf"] if each.get("type") != "null"), name, struct)
        if schema.get("type") == "array":
            return [self.of(schema["items"], name, struct)] if schema.get("items") else []
        simple = {
            "boolean": True,
            "integer": max(1, schema.get("minimum", 1)),
            "number": 0.5,
            "object": {},
            "null": None,
            None: {},
        }
        kind = schema.get("format") or schema.get("type")
        if kind == "date-time":
            return MOMENTS.get(name, MOMENT)
        if kind not in simple:
            raise Unshown(f"Say in app/apidocs/examples.py what `{name}` of {struct or 'a parameter'} looks like.")
        return simple[kind]
