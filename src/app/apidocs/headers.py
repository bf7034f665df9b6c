"""Headers and parameters that many routes share, each described once."""

from collections.abc import Mapping
from typing import Any

from shared.http.command_route import MAX_KEY, PREVIEW_PATTERN
from shared.messages import MAX_REASON

Schema = dict[str, Any]

ETAG = '"12.0a1b2c3d4e5f6a7b"'
PREVIEW = "12.4711.9f86d081884c7d659a2feaa0c55ad015"

HEADERS: Mapping[str, Schema] = {
    "ETag": {
        "description": "The state's sequence, and, in answers to GET, a hash of the body: "
        "for If-Match, which compares the sequence, and If-None-Match, which compares all of it.",
        "schema": {"type": "string"},
        "example": ETAG,
    },
    "Location": {
        "description": "Where the operation, or what was created, is to be read.",
        "schema": {"type": "string", "format": "uri-reference"},
        "example": "/api/v1/operations/6f1c2b9e-3d57-5a8e-9c41-2b7f0d6e8a13",
    },
    "Modplane-Decided": {
        "description": "`kafka`, or `inline` while Kafka is away and the API decides by itself.",
        "schema": {"type": "string", "enum": ["kafka", "inline"]},
        "example": "kafka",
    },
    "Modplane-Operation-Id": {
        "description": "The operation's id: its outcome is at `/api/v1/operations/{operation_id}` for 30 days.",
        "schema": {"type": "string", "format": "uuid"},
        "example": "6f1c2b9e-3d57-5a8e-9c41-2b7f0d6e8a13",
    },
    "RateLimit-Limit": {
        "description": "Requests a minute that the token, or the address, may send.",
        "schema": {"type": "integer"},
        "example": 600000,
    },
    "RateLimit-Remaining": {
        "description": "How many of them are left in this minute.",
        "schema": {"type": "integer"},
        "example": 599982,
    },
    "RateLimit-Reset": {
        "description": "Seconds until the next minute begins.",
        "schema": {"type": "integer"},
        "example": 41,
    },
    "Retry-After": {
        "description": "Seconds after which the same request may succeed.",
        "schema": {"type": "integer"},
        "example": 2,
    },
    "Set-Cookie": {
        "description": "The refresh token, for `/api/v1/auth` alone and out of reach of scripts.",
        "schema": {"type": "string"},
        "example": "modplane_refresh=mpr_8Kd2; Path=/api/v1/auth; HttpOnly; SameSite=strict",
    },
    "WWW-Authenticate": {
        "description": "How to sign in; with `error` when the token that was sent is worth nothing.",
        "schema": {"type": "string"},
        "example": 'Bearer realm="modplane"',
    },
}
RATE = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
OF_COMMANDS = ("ETag", "Modplane-Operation-Id", "Modplane-Decided")
OF_ACCEPTED = ("Location", "Modplane-Operation-Id", "Modplane-Decided")


IF_MATCH = r'^(\*|[0-9]{1,18}(\.[^",\s]*)?|(W/)?"[!#-~]*"(, ?(W/)?"[!#-~]*")*)$'


def parameter(name: str, place: str, schema: Schema, description: str) -> Schema:
    """A parameter nobody has to give. It has no example: tools that try routes out would send that unasked."""
    return {"name": name, "in": place, "description": description, "schema": schema}


COMMAND_PARAMETERS: Mapping[str, Schema] = {
    "IdempotencyKey": parameter(
        "Idempotency-Key",
        "header",
        {"type": "string", "minLength": 1, "maxLength": MAX_KEY},
        "Your name for this one request, such as `assign-field-service-to-crumb`. Repeated, it is answered with its "
        "first outcome and has no second effect; another request under it is refused. Kept for 30 days. A dry run "
        "leaves it unused.",
    ),
    "IfMatch": parameter(
        "If-Match",
        "header",
        {"type": "string", "pattern": IF_MATCH},
        f"The ETag last read, such as `{ETAG}`: the command is refused with 412 when the state has moved since. Its "
        "sequence, the part before the dot, is compared.",
    ),
    "Prefer": parameter(
        "Prefer",
        "header",
        {"type": "string"},
        "`respond-async`: answers 202 with the operation's address instead of waiting for the outcome.",
    ),
    "ModplaneReason": parameter(
        "Modplane-Reason",
        "header",
        {"type": "string"},
        "The same as the parameter `reason`, percent-encoded, for those who keep reasons out of addresses.",
    ),
    "DryRun": parameter(
        "dry_run",
        "query",
        {"type": "boolean", "default": False},
        "Changes nothing: answers what the command would do, or how it would be refused.",
    ),
    "Preview": parameter(
        "preview",
        "query",
        {"type": "string", "pattern": f"^{PREVIEW_PATTERN}$"},
        f"What a dry run answered as `preview`, such as `{PREVIEW}`: the command is refused with 412 when it would do "
        "anything else by now.",
    ),
    "Reason": parameter(
        "reason",
        "query",
        {"type": "string", "maxLength": MAX_REASON},
        "Why, in your words, such as `asked for by the customer`. Kept with the events.",
    ),
}
REASON = ("ModplaneReason", "Reason")
READ_PARAMETERS: Mapping[str, Schema] = {
    "IfNoneMatch": parameter(
        "If-None-Match",
        "header",
        {"type": "string"},
        f"ETags the caller has, such as `{ETAG}`: the answer is 304 without a body when one of them is still right.",
    ),
}
PARAMETERS = {**COMMAND_PARAMETERS, **READ_PARAMETERS}


def referred(*names: str) -> Schema:
    """These headers of an answer."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
