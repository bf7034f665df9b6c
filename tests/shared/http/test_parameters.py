"""What every command takes beside its body, and what is refused rather than overlooked."""

from typing import Annotated, Any
from uuid import UUID

import httpx
import pytest
from litestar import Litestar, Request, get, post
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.testing import RequestFactory

from shared.errors import Malformed
from shared.http.command_route import CommandOperation, TakesReason
from shared.http.parameters import (
    ANY_PARAMETER,
    BadHeader,
    BadParameter,
    StateUnknown,
    expected_sequence,
    idempotency_key,
    is_dry_run,
    previewed,
    reason_of,
    strict_request,
)
from shared.http.problems import EXCEPTION_HANDLERS
from shared.messages import Previewed
from shared.text.forms import UnreadableText

HASH = "9f86d081884c7d659a2feaa0c55ad015"


def request(query: str = "", **headers: str) -> Request[Any, Any, Any]:
    asked: Request[Any, Any, Any] = RequestFactory().post(
        "/things", headers={k.replace("_", "-"): v for k, v in headers.items()}
    )
    asked.scope["query_string"] = query.encode()
    return asked


@pytest.mark.parametrize(
    ("query", "dry"),
    [
        ("", False),
        ("dry_run=true", True),
        ("dry_run=1", True),
        ("dry_run=True", True),
        ("dry_run=false", False),
        ("dry_run=False", False),
        ("dry_run=0", False),
    ],
)
def test_a_dry_run_is_asked_for(query: str, dry: bool) -> None:
    assert is_dry_run(request(query)) is dry


@pytest.mark.parametrize("query", ["dry_run=yes", "dry_run=", "dry_run=t", "dry_run=true&dry_run=false"])
def test_a_dry_run_that_is_not_clear_is_refused(query: str) -> None:
    with pytest.raises(BadParameter):
        is_dry_run(request(query))


def test_a_preview_is_what_a_dry_run_gave() -> None:
    assert previewed(request()) is None
    assert previewed(request(f"preview=12.4711.{HASH}")) == Previewed(12, 4711, HASH)


@pytest.mark.parametrize(
    "token", ["", "1", HASH, f"1.2.{HASH}0", f"-1.2.{HASH}", f"1.{'9' * 19}.{HASH}", f"1.2.{HASH}&preview=1.2.{HASH}"]
)
def test_what_is_no_preview_is_refused(token: str) -> None:
    with pytest.raises(BadParameter):
        previewed(request(f"preview={token}"))


def test_a_reason_is_a_parameter_or_a_header() -> None:
    assert reason_of(request()) is None
    assert reason_of(request("reason=gr%C3%B6%C3%9Fer+%2B+1")) == "größer + 1"
    assert reason_of(request(modplane_reason="gr%C3%BCn")) == "grün"
    assert reason_of(request("reason=%20", modplane_reason="a")) == "a"
    assert reason_of(request("reason=a", modplane_reason="%61")) == "a"


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        ("größer".encode(), "größer"),
        (b"100% sure, 50%", "100% sure, 50%"),
        ("größer als %C3%BC".encode(), "größer als ü"),
        (b"100%25", "100%"),
    ],
)
def test_a_reason_in_a_header_is_utf_8_encoded_or_as_it_is(sent: bytes, reason: str) -> None:
    assert reason_of(request(modplane_reason=sent.decode("latin-1"))) == reason


@pytest.mark.parametrize("sent", ["größer".encode("latin-1"), b"gr%F6n", b"100%ff"])
def test_a_reason_in_a_header_that_is_no_utf_8_is_refused(sent: bytes) -> None:
    with pytest.raises(BadHeader):
        reason_of(request(modplane_reason=sent.decode("latin-1")))


@pytest.mark.parametrize(
    ("query", "header"),
    [
        (f"reason={'x' * 501}", ""),
        (f"reason=a{'%20' * 500}", ""),
        ("reason=%00", ""),
        ("reason=a&reason=a", ""),
        ("reason=a", "b"),
        ("", "x" * 501),
    ],
)
def test_a_reason_that_is_too_long_no_text_or_not_one_is_refused(query: str, header: str) -> None:
    with pytest.raises(Malformed):
        reason_of(request(query, modplane_reason=header))


@pytest.mark.parametrize("query", ["reason=a%E2%80%AEb", "reason=%E2%80%8B", "reason=a%08b"])
def test_a_reason_that_hides_something_is_refused(query: str) -> None:
    with pytest.raises(UnreadableText):
        reason_of(request(query))


@pytest.mark.parametrize(
    ("tag", "sequence"),
    [
        ('"12.0a1b2c3d4e5f6a7b"', 12),
        ('W/"12.0a1b"', 12),
        ('"12"', 12),
        ("12", 12),
        ('"1.a", "2.b"', 2),
        ('"foreign" , W/"7.c"', 7),
        ('"a,b", "3.d",', 3),
        ("*", None),
    ],
)
def test_the_state_a_change_is_meant_for_is_read_from_its_tags(tag: str, sequence: int | None) -> None:
    assert expected_sequence(request(if_match=tag)) == sequence


@pytest.mark.parametrize("tag", ['"foreign"', 'W/"x"', '""', '"-1"', '"9223372036854775808"', '"a", "b"'])
def test_a_tag_of_no_state_of_this_service_fails_the_precondition(tag: str) -> None:
    with pytest.raises(StateUnknown):
        expected_sequence(request(if_match=tag))


@pytest.mark.parametrize("tag", ['"1.a"x', "1 2", '"1', "foreign", "", ",", '*, "1"', 'w/"1"'])
def test_what_is_no_entity_tag_is_refused(tag: str) -> None:
    with pytest.raises(BadHeader):
        expected_sequence(request(if_match=tag))


def test_an_idempotency_key_has_a_bound() -> None:
    assert idempotency_key(request(idempotency_key="x" * 255)) == "x" * 255
    for key in ("", "x" * 256):
        with pytest.raises(BadHeader):
            idempotency_key(request(idempotency_key=key))


@post("/commands", operation_class=CommandOperation)
async def command(force: FromQuery[bool] = False) -> dict[str, bool]:
    return {"force": force}


@post("/reasons", operation_class=TakesReason)
async def reasoned() -> None:
    return


@post("/others")
async def other() -> None:
    return


@get("/reads")
async def read(
    owner: FromQuery[UUID | None] = None, q: FromQuery[str | None] = None, kinds: FromQuery[list[str] | None] = None
) -> list[str]:
    return [str(owner), str(q), *(kinds or [])]


@get("/probes", opt={ANY_PARAMETER: True})
async def probe() -> None:
    return


@get("/things/{thing_id:int}")
async def thing(
    thing_id: FromPath[int], kind_: Annotated[int | None, QueryParameter(name="kind")] = None
) -> list[int | None]:
    return [thing_id, kind_]


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("POST", "/commands?force=true&dry_run=true&preview=x&reason=y", 201),
        ("POST", "/commands?dry-run=true", 400),
        ("POST", "/commands?dryRun=true", 400),
        ("POST", "/reasons?reason=y", 201),
        ("POST", "/reasons?dry_run=true", 400),
        ("POST", "/others", 201),
        ("POST", "/others?dry_run=true", 400),
        ("GET", "/reads?q=a&kinds=b", 200),
        ("GET", "/reads?anything=1", 400),
        ("GET", "/reads?kind=b", 400),
        ("GET", "/reads?request=1", 400),
        ("GET", "/reads?=1", 400),
        ("GET", "/probes?anything=1", 200),
        ("OPTIONS", "/reads?anything=1", 204),
        ("GET", "/reads?q=", 400),
        ("GET", "/reads?q=%20%E2%80%8B", 400),
        ("GET", "/reads?kinds=a&kinds=", 400),
        ("GET", "/things/7?thing_id=8", 400),
        ("GET", "/things/7?kind=8", 200),
    ],
)
async def test_a_route_refuses_parameters_it_does_not_know_and_empty_ones(
    method: str, target: str, status: int
) -> None:
    handlers: Any = EXCEPTION_HANDLERS
    app: Any = Litestar(
        [command, reasoned, other, read, probe, thing], before_request=strict_request, exception_handlers=handlers
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://t") as client:
        assert (await client.request(method, target)).status_code == status


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ("q=null", ["None", "null"]),
        ("kinds=a&kinds=b", ["None", "None", "a", "b"]),
        ("owner=null", "owner"),
        ("owner=NULL", "owner"),
        ("q=a&q=b", "q"),
    ],
)
async def test_what_would_be_misread_is_refused(query: str, answer: Any) -> None:
    handlers: Any = EXCEPTION_HANDLERS
    app: Any = Litestar([read], before_request=strict_request, exception_handlers=handlers)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://t") as client:
        told = await client.get(f"/reads?{query}")
    if isinstance(answer, list):
        assert told.json() == answer
    else:
        assert told.json()["type"] == "urn:modplane:problem:bad_parameter"
        assert [error["pointer"] for error in told.json()["errors"]] == [answer]
