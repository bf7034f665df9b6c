"""Refusals as `application/problem+json` (RFC 9457)."""

from http import HTTPStatus
from typing import Any

import msgspec

from shared.errors import Refusal


def problem_body(path: str, refusal: Refusal, status: int) -> bytes:
    """The problem's JSON, for whoever asked for `path`."""
    body: dict[str, Any] = {
        "type": f"urn:modplane:problem:{refusal.code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": refusal.detail,
        "instance": path,
        **refusal.extra,
    }
    return msgspec.json.encode(body | ({"errors": refusal.errors} if refusal.errors else {}))
