"""What is read of a body, and what is refused rather than overlooked."""

from typing import Any

import httpx
import pytest
from litestar import Litestar, get, post
from litestar.params import JSONBody
from msgspec import Struct

from shared.http.bodies import PlainRequest
from shared.http.command_route import CommandOperation
from shared.http.parameters import strict_request
from shared.http.problems import EXCEPTION_HANDLERS


class Wish(Struct, forbid_unknown_fields=True):
    name: str
    config: dict[str, Any] = {}


@post("/wishes")
async def wish(data: JSONBody[Wish]) -> dict[str, Any]:
    return {"name": data.name, **data.config}


@post("/actions", operation_class=CommandOperation)
async def act() -> None:
    return


@get("/reads")
async def read() -> str:
    return "read"


async def ask(method: str, path: str, body: bytes = b"", **headers: str) -> httpx.Response:
    handlers: Any = EXCEPTION_HANDLERS
    app: Any = Litestar(
        [wish, act, read], before_request=strict_request, exception_handlers=handlers, request_class=PlainRequest
    )
    sent = {"Content-Type": "application/json"} | {name.replace("_", "-"): value for name, value in headers.items()}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://t") as client:
        return await client.request(method, path, content=body, headers=sent)


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        (b'{"name": "a", "name": "b"}', ["/name"]),
        (b'{"name": "a", "config": {"x": 1, "y": {"z": 1, "z": 1}}}', ["/config/y/z"]),
        (b'{"name": "a", "config": {"x": "%s", "x": 1}}' % (b"long" * 8000), ["/config/x"]),
    ],
)
async def test_two_values_for_one_key_are_refused(body: bytes, pointers: list[str]) -> None:
    answer = await ask("POST", "/wishes", body)
    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json()["errors"]] == pointers


async def test_a_byte_order_mark_before_the_body_is_nothing() -> None:
    answer = await ask("POST", "/wishes", b'\xef\xbb\xbf{"name": "a"}')
    assert (answer.status_code, answer.json()) == (201, {"name": "a"})


async def test_a_compressed_body_is_refused_for_that_reason() -> None:
    answer = await ask("POST", "/wishes", b"\x1f\x8b", content_encoding="gzip")
    assert (answer.status_code, answer.json()["type"]) == (415, "urn:modplane:problem:unsupported_content_encoding")
    assert (await ask("POST", "/wishes", b'{"name": "a"}', content_encoding="identity")).status_code == 201


@pytest.mark.parametrize("path", ["/actions", "/reads"])
@pytest.mark.parametrize("body", [b'{"dry_run":true}', b"dry_run=true", b"[]", b"0"])
async def test_a_body_that_nobody_would_read_is_refused(path: str, body: bytes) -> None:
    answer = await ask("GET" if path == "/reads" else "POST", path, body)
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:modplane:problem:invalid_body")


@pytest.mark.parametrize("body", [b"", b"{}", b" {} ", b"null", b"\xef\xbb\xbf"])
async def test_a_body_that_says_nothing_is_none(body: bytes) -> None:
    assert (await ask("POST", "/actions", body)).status_code == 201


@pytest.mark.parametrize(
    ("path", "header", "status"),
    [
        ("/actions", "If-Match", 201),
        ("/actions", "If-None-Match", 400),
        ("/wishes", "If-Match", 400),
    ],
)
async def test_a_precondition_that_a_write_would_overlook_is_refused(path: str, header: str, status: int) -> None:
    body = b'{"name": "a"}' if path == "/wishes" else b""
    assert (await ask("POST", path, body, **{header: '"1"'})).status_code == status
