"""Refusals as `application/problem+json` (RFC 9457): the one place that knows status codes."""

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException

from shared.errors import FieldError, Kind, Refusal, Refused, Unauthenticated
from shared.http.authentication import bearer_token
from shared.http.bodies import AnyRequest

log = structlog.get_logger(__name__)

PROBLEM_JSON = "application/problem+json"

STATUS: dict[Kind, int] = {
    "malformed": 400,
    "unauthenticated": 401,
    "forbidden": 403,
    "not_found": 404,
    "conflict": 409,
    "precondition_failed": 412,
    "too_large": 413,
    "unsupported_media": 415,
    "invalid": 422,
    "precondition_required": 428,
    "too_many": 429,
    "internal": 500,
    "unavailable": 503,
}

HTTP_CODES = {
    400: "malformed",
    404: "route_not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    408: "request_timed_out",
    413: "body_too_large",
    415: "unsupported_media_type",
}


class Problem(msgspec.Struct, frozen=True):
    """Problem details (RFC 9457). `type` is stable and meant for programs, `detail` for people."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: Sequence[FieldError] = ()


def problem_body(path: str, refusal: Refusal, status: int) -> bytes:
    body: dict[str, Any] = {
        "type": f"urn:modplane:problem:{refusal.code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": refusal.detail,
        "instance": path,
        **refusal.extra,
    }
    return msgspec.json.encode(body | ({"errors": refusal.errors} if refusal.errors else {}))


def problem(
    request: Request[Any, Any, Any],
    refusal: Refusal,
    headers: dict[str, str] | None = None,
    status: int | None = None,
) -> Response[bytes]:
    status = STATUS[refusal.kind] if status is None else status
    body = problem_body(request.scope["path"], refusal, status)
    extra = dict(headers or {})
    if status == HTTPStatus.UNAUTHORIZED:
        worthless = bearer_token(request.scope) and isinstance(request.scope.get("user"), Unauthenticated)
        extra["WWW-Authenticate"] = 'Bearer realm="modplane"' + (', error="invalid_token"' if worthless else "")
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        extra["Retry-After"] = "2"
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        extra["Retry-After"] = str(refusal.extra.get("retry_after", 2))
    return Response(body, status_code=status, media_type=PROBLEM_JSON, headers=extra)


def refused_to_problem(request: Request[Any, Any, Any], refused: Refused) -> Response[bytes]:
    return problem(request, refused.refusal())


def http_to_problem(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """Answer what the framework refuses: unknown routes, wrong methods, unreadable or oversized bodies."""
    if isinstance(error, ValidationException):
        return problem(request, Refusal("malformed", "invalid_request", str(error.detail), parameter_errors(error)))
    refusal = Refusal("malformed", HTTP_CODES.get(error.status_code, "refused"), str(error.detail))
    headers = dict(error.headers or {})
    if "GET" in (allowed := headers.get("allow", "").split(", ")):
        headers["allow"] = ", ".join([*allowed, *({"HEAD"} - set(allowed))])
    return problem(request, refusal, headers, status=error.status_code)


def parameter_errors(error: ValidationException) -> Sequence[FieldError]:
    extra = error.extra if isinstance(error.extra, list) else []
    return [
        FieldError(str(item.get("key", "")), str(item.get("message", ""))) for item in extra if isinstance(item, dict)
    ]


def unexpected_to_problem(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    log.error("request_failed", path=request.scope["path"], exc_info=error)
    detail = "Something went wrong here. The request can be repeated with the same Idempotency-Key."
    return problem(request, Refusal("internal", "internal", detail))


EXCEPTION_HANDLERS: dict[int | type[Exception], Callable[[AnyRequest, Any], Response[Any]]] = {
    Refused: refused_to_problem,
    HTTPException: http_to_problem,
    Exception: unexpected_to_problem,
}
