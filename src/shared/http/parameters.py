"""Headers and query parameters that all command routes have in common, read strictly."""

import re
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_to_bytes

from litestar import Request
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.openapi.spec import Operation
from litestar.params import QueryParameter
from litestar.typing import FieldDefinition

from shared.errors import FieldError, Malformed, PreconditionFailed
from shared.http.authentication import SAFE_METHODS
from shared.http.bodies import AnyRequest, strict_body
from shared.http.command_route import MAX_KEY, PREVIEW_PATTERN, TakesCommand, TakesKey, TakesReason
from shared.messages import MAX_REASON, Previewed
from shared.text.forms import composed, flaw_of, is_blank, unreadable

MAX_SEQUENCE = 2**63 - 1
PREVIEW = re.compile(PREVIEW_PATTERN)
ENTITY_TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"|[0-9]{1,19}(?:\.[^",\s]*)?')
TAGS = re.compile(rf"\s*(?:{ENTITY_TAG.pattern})?(?:\s*,\s*(?:{ENTITY_TAG.pattern})?)*\s*")
OWN_TAG = re.compile(r'(?:W/)?"?([0-9]{1,19})(?:\.[^"]*)?"?')
ANY_STATE = "*"
ANY_PARAMETER = "any_parameter"
"""The `opt` of routes that overlook query parameters they do not know."""
SWITCH = {"true": True, "1": True, "false": False, "0": False}


class BadHeader(Malformed):
    """A header cannot be read."""


class StateUnknown(PreconditionFailed):
    """If-Match names no state there ever was."""


class BadParameter(Malformed):
    """A query parameter cannot be read, is unknown, or is there twice."""


def idempotency_key(request: Request[Any, Any, Any]) -> str | None:
    """Raise `BadHeader`."""
    key = request.headers.get("idempotency-key")
    if key is not None and not 0 < len(key) <= MAX_KEY:
        raise BadHeader(f"Idempotency-Key must have 1 to {MAX_KEY} characters.")
    return key


def respond_async(request: Request[Any, Any, Any]) -> bool:
    """Whether the caller prefers not to wait (RFC 7240)."""
    prefer = request.headers.get("prefer", "")
    return any(part.strip().lower() == "respond-async" for part in prefer.split(","))


def expected_sequence(request: Request[Any, Any, Any]) -> int | None:
    """Read the sequence that If-Match names; None for any state (`*`). Raises `BadHeader`, and `StateUnknown`."""
    # Weak tags count, too (RFC 9110, section 13.1.1, would have them never match): a proxy that compresses answers
    # makes a strong tag weak. Of several tags the youngest is meant: an older one cannot be the present state.
    given = if_match(request)
    if given in {None, ANY_STATE}:
        return None
    tags = ENTITY_TAG.findall(given or "")
    if not tags or TAGS.fullmatch(given or "") is None:
        raise BadHeader('If-Match must be * or ETags, such as "12.0a1b2c3d4e5f6a7b".')
    own = [int(read[1]) for tag in tags if (read := OWN_TAG.fullmatch(tag))]
    known = [sequence for sequence in own if sequence <= MAX_SEQUENCE]
    if not known:
        raise StateUnknown("If-Match names no state that this service ever gave. Read the state again for its ETag.")
    return max(known)


def if_match(request: Request[Any, Any, Any]) -> str | None:
    lines: list[str] = request.headers.getall("if-match", [])
    return ", ".join(lines).strip() if lines else None


def reason_of(request: Request[Any, Any, Any]) -> str | None:
    """Read the reason; the header is UTF-8, percent-encoded or as it is. Raises `BadHeader` or `BadParameter`."""
    header, query = request.headers.get("modplane-reason"), parameter(request, "reason")
    said = header if header is None else checked_reason(decoded_header(header, "Modplane-Reason"), "Modplane-Reason")
    asked = query if query is None else checked_reason(query, "reason")
    if said and asked and said != asked:
        raise BadParameter("Give one reason: the parameter `reason` and the header Modplane-Reason differ.")
    return said or asked


def decoded_header(value: str, name: str) -> str:
    """Decode a header whose bytes were read as Latin-1. Raises `BadHeader` where they are no UTF-8."""
    try:
        return unquote_to_bytes(value.encode("latin-1")).decode()
    except UnicodeDecodeError as error:
        raise BadHeader(
            f"{name} must be UTF-8, with a percent sign written as %25.", errors=[FieldError(name, "is not UTF-8")]
        ) from error


def checked_reason(text: str, name: str) -> str | None:
    """Normalize the reason; None when nothing is left. Raises `BadHeader` or `UnreadableText`."""
    reason = composed(text)
    if max(len(text), len(reason)) > MAX_REASON or "\x00" in reason:
        raise BadHeader(
            f"{name} must have at most {MAX_REASON} characters.", errors=[FieldError(name, "too long, or not text")]
        )
    if (flaw := flaw_of(reason, "lines")) is not None:
        raise unreadable([FieldError(name, flaw)])
    return reason or None


def is_dry_run(request: Request[Any, Any, Any]) -> bool:
    """Raise `BadParameter`: a mistyped dry run must not be carried out."""
    value = parameter(request, "dry_run")
    if value is None:
        return False
    if value.lower() not in SWITCH:
        raise BadParameter(
            "dry_run must be true or false.", errors=[FieldError("dry_run", "is neither true nor false")]
        )
    return SWITCH[value.lower()]


def previewed(request: Request[Any, Any, Any]) -> Previewed | None:
    """Raise `BadParameter`."""
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
    """Read a query parameter that may be there once. Raises `BadParameter`."""
    values: list[Any] = request.query_params.getall(name, [])
    if len(values) > 1:
        raise BadParameter(f"{name} may be given once.", errors=[FieldError(name, "is there more than once")])
    return str(values[0]) if values else None


async def strict_request(request: AnyRequest) -> None:
    """Refuse bodies that only a lax reading would accept, and parameters that would be misread or overlooked."""
    if request.scope.get("query_string"):
        refuse_unknown(request)
        refuse_misread(request)
        refuse_empty(request)
    refuse_overlooked_headers(request)
    await strict_body(request)


def refuse_overlooked_headers(request: AnyRequest) -> None:
    """Raise `BadHeader` for a header that a write would overlook: a precondition, or a key for repeating it."""
    if request.scope["method"] in SAFE_METHODS:
        return
    operation = operation_of(request.route_handler)
    if "idempotency-key" in request.headers and not issubclass(operation, TakesKey | TakesCommand):
        raise BadHeader(
            "This route takes no Idempotency-Key: repeating it is not once. Leave the header out. Nothing was done."
        )
    if "if-none-match" in request.headers:
        raise BadHeader("If-None-Match is for reads. Nothing was done: tie a change to a state by If-Match.")
    if "if-match" in request.headers and not issubclass(operation, TakesCommand):
        raise BadHeader("This route compares no state: leave If-Match out. Nothing was done.")


def operation_of(handler: BaseRouteHandler) -> type[Operation]:
    return handler.operation_class if isinstance(handler, HTTPRouteHandler) else Operation


def refuse_unknown(request: AnyRequest) -> None:
    """Raise `BadParameter` for unknown parameters, except on probes and pages (`ANY_PARAMETER`)."""
    if request.scope["method"] == "OPTIONS" or request.route_handler.opt.get(ANY_PARAMETER):
        return
    known = known_parameters(request.route_handler)
    unknown = sorted({name for name in request.query_params if name not in known})
    if unknown:
        raise BadParameter(
            f"Unknown query parameters: {', '.join(unknown)[:200]}. Nothing was done.",
            errors=[FieldError(name[:100], "is not a parameter of this route") for name in unknown[:20]],
        )


def refuse_misread(request: AnyRequest) -> None:
    """Raise `BadParameter` where the framework would take one of several values, or the word null for none."""
    for name, field in declared(request.route_handler).items():
        values = request.query_params.getall(name, [])
        if len(values) > 1 and not any(each.is_non_string_sequence for each in parts(field)):
            raise BadParameter(f"{name} may be given once.", errors=[FieldError(name, "is there more than once")])
        if any(value.lower() == "null" for value in values) and str not in {each.annotation for each in parts(field)}:
            raise BadParameter(f"Leave {name} out to give none.", errors=[FieldError(name, "is the word null")])


def refuse_empty(request: AnyRequest) -> None:
    """Raise `BadParameter` for a parameter without a value: an empty filter is not meant to be none."""
    for name in declared(request.route_handler):
        if any(is_blank(value) for value in request.query_params.getall(name, [])):
            raise BadParameter(
                f"{name} is empty. Give it a value, or leave it out.", errors=[FieldError(name, "is empty")]
            )


@lru_cache
def declared(handler: BaseRouteHandler) -> dict[str, FieldDefinition]:
    """Return the query parameters that a route and its dependencies declare, by the names they have in an address."""
    signatures: list[Any] = [handler, *handler.resolve_dependencies().values()]
    fields = [field for each in signatures for field in each.parsed_fn_signature.parameters.values()]
    kwargs = [(field, field.kwarg_definition) for field in fields]
    return {kwarg.name or field.name: field for field, kwarg in kwargs if isinstance(kwarg, QueryParameter)}


def parts(field: FieldDefinition) -> list[FieldDefinition]:
    return [field, *field.inner_types]


@lru_cache
def known_parameters(handler: BaseRouteHandler) -> frozenset[str]:
    operation = operation_of(handler)
    return frozenset(declared(handler)) | (operation.query if issubclass(operation, TakesReason) else set())
