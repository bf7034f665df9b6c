"""What every command route takes beside its body, read strictly."""

import re
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from litestar import Request
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.openapi.spec import Operation
from litestar.typing import FieldDefinition

from shared.adapters.command_operation import MAX_KEY, PREVIEW_PATTERN, TakesCommand, TakesKey, TakesReason
from shared.adapters.http import SAFE_METHODS, AnyRequest, strict_body
from shared.errors import FieldError, Malformed
from shared.messages import MAX_REASON, Previewed

MAX_SEQUENCE = 2**63 - 1
PREVIEW = re.compile(PREVIEW_PATTERN)
ETAG = re.compile(r'"?([0-9]{1,19})(?:\.[^",]*)?"?')
SWITCH = {"true": True, "1": True, "false": False, "0": False}


class BadHeader(Malformed):
    """A header cannot be read."""


class BadParameter(Malformed):
    """A query parameter cannot be read, is unknown, or is there twice."""


def idempotency_key(request: Request[Any, Any, Any]) -> str | None:
    """The caller's name for this one request. Raises `BadHeader`."""
    key = request.headers.get("idempotency-key")
    if key is not None and not 0 < len(key) <= MAX_KEY:
        raise BadHeader(f"Idempotency-Key must have 1 to {MAX_KEY} characters.")
    return key


def respond_async(request: Request[Any, Any, Any]) -> bool:
    """Whether the caller would rather not wait (RFC 7240)."""
    prefer = request.headers.get("prefer", "")
    return any(part.strip().lower() == "respond-async" for part in prefer.split(","))


def expected_sequence(request: Request[Any, Any, Any]) -> int | None:
    """The sequence in If-Match: the part of an ETag before the dot. Raises `BadHeader`."""
    tag = request.headers.get("if-match")
    if tag is None or tag.strip() == "*":
        return None
    read = ETAG.fullmatch(tag.strip())
    if read is None or int(read[1]) > MAX_SEQUENCE:
        raise BadHeader('If-Match must be an ETag this service gave, such as "12.0a1b2c3d4e5f6a7b".')
    return int(read[1])


def reason_of(request: Request[Any, Any, Any]) -> str | None:
    """Why, in the caller's words, kept with the events: the parameter `reason` or the header `Modplane-Reason`.

    The header is percent-encoded UTF-8. Raises `BadHeader` or `BadParameter`.
    """
    header, query = request.headers.get("modplane-reason"), parameter(request, "reason")
    said = header if header is None else checked_reason(unquote(header), "Modplane-Reason")
    asked = query if query is None else checked_reason(query, "reason")
    if said and asked and said != asked:
        raise BadParameter("Give one reason: the parameter `reason` and the header Modplane-Reason differ.")
    return said or asked


def checked_reason(text: str, name: str) -> str | None:
    """The reason without the space around it; none when nothing is left."""
    reason = text.strip()
    if len(text) > MAX_REASON or "\x00" in reason:
        raise BadHeader(
            f"{name} must have at most {MAX_REASON} characters.", errors=[FieldError(name, "too long, or not text")]
        )
    return reason or None


def is_dry_run(request: Request[Any, Any, Any]) -> bool:
    """Whether nothing shall happen. Raises `BadParameter`: whoever mistypes it does not get the real thing."""
    value = parameter(request, "dry_run")
    if value is None:
        return False
    if value not in SWITCH:
        raise BadParameter(
            "dry_run must be true or false.", errors=[FieldError("dry_run", "is neither true nor false")]
        )
    return SWITCH[value]


def previewed(request: Request[Any, Any, Any]) -> Previewed | None:
    """The decision the command is bound to. Raises `BadParameter`."""
    value = parameter(request, "preview")
    if value is None:
        return None
    read = PREVIEW.fullmatch(value)
    if read is None:
        raise BadParameter(
            "preview must be what a dry run answered as `preview`.", errors=[FieldError("preview", "is no preview")]
        )
    return Previewed(int(read[1]), int(read[2]), read[3])


def parameter(request: Request[Any, Any, Any], name: str) -> str | None:
    """A query parameter that may be there once. Raises `BadParameter`."""
    values: list[Any] = request.query_params.getall(name, [])
    if len(values) > 1:
        raise BadParameter(f"{name} may be given once.", errors=[FieldError(name, "is there more than once")])
    return str(values[0]) if values else None


async def strict_request(request: AnyRequest) -> None:
    """Refuses bodies that only a lax reading would accept, and query parameters that would be misread or overlooked.

    A mistyped `dry-run=true` would otherwise be carried out, and `organization_id=null` be read as none at all.
    """
    if request.scope.get("query_string"):
        refuse_unknown(request)
        refuse_misread(request)
    refuse_dropped_key(request)
    await strict_body(request)


def refuse_dropped_key(request: AnyRequest) -> None:
    """Raises `BadHeader` where a write would overlook the key, and be done again by whoever relies on it."""
    if request.scope["method"] in SAFE_METHODS or "idempotency-key" not in request.headers:
        return
    if not issubclass(request.route_handler.operation_class, TakesKey | TakesCommand):
        raise BadHeader(
            "This route takes no Idempotency-Key: repeating it is not once. Leave the header out. Nothing was done."
        )


def refuse_unknown(request: AnyRequest) -> None:
    """Raises `BadParameter` for what a write does not know."""
    if request.scope["method"] in SAFE_METHODS:
        return
    known = known_parameters(request.route_handler)
    unknown = sorted({name for name in request.query_params if name not in known})
    if unknown:
        raise BadParameter(
            f"Unknown query parameters: {', '.join(unknown)[:200]}. Nothing was done.",
            errors=[FieldError(name[:100], "is not a parameter of this route") for name in unknown[:20]],
        )


def refuse_misread(request: AnyRequest) -> None:
    """Raises `BadParameter` where the framework would take one of several values, or the word null for none."""
    for name, field in declared(request.route_handler).items():
        values = request.query_params.getall(name, [])
        if len(values) > 1 and not any(each.is_non_string_sequence for each in parts(field)):
            raise BadParameter(f"{name} may be given once.", errors=[FieldError(name, "is there more than once")])
        if any(value.lower() == "null" for value in values) and str not in {each.annotation for each in parts(field)}:
            raise BadParameter(f"Leave {name} out to give none.", errors=[FieldError(name, "is the word null")])


@lru_cache
def declared(handler: BaseRouteHandler) -> dict[str, FieldDefinition]:
    """What a route and its dependencies say they take."""
    found = dict(handler.parsed_fn_signature.parameters)
    for dependency in handler.resolve_dependencies().values():
        found |= dependency.parsed_fn_signature.parameters
    return found


def parts(field: FieldDefinition) -> list[FieldDefinition]:
    """The types of which it may be one."""
    return [field, *field.inner_types]


@lru_cache
def known_parameters(handler: BaseRouteHandler) -> frozenset[str]:
    """The names a route reads."""
    operation = handler.operation_class if isinstance(handler, HTTPRouteHandler) else Operation
    return frozenset(declared(handler)) | (operation.query if issubclass(operation, TakesReason) else set())
