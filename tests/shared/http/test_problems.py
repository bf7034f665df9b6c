"""How refusals and headers look from outside."""

from typing import Any
from uuid import UUID

import msgspec
import pytest
from litestar import Request
from litestar.testing import RequestFactory

from shared.commands.http import fingerprint, outcome_body
from shared.errors import Conflict, FieldError, Kind, Refusal
from shared.http.bodies import field_error
from shared.http.parameters import BadHeader, expected_sequence, reason_of, respond_async
from shared.http.problems import STATUS, problem
from shared.http.responses import not_modified
from shared.messages import Outcome


class ModuleStillUsed(Conflict):
    """A refusal with everything a refusal may have."""


def request(path: str = "/api/v1/things", query: str = "", **headers: str) -> Request[Any, Any, Any]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    asked: Request[Any, Any, Any] = RequestFactory().post(path, headers=named)
    asked.scope["query_string"] = query.encode()
    return asked


@pytest.mark.parametrize(("kind", "status"), STATUS.items())
def test_every_kind_of_refusal_is_a_problem_with_its_status(kind: Kind, status: int) -> None:
    answer = problem(request(), Refusal(kind, "some_code", "What to do."))
    body = msgspec.json.decode(answer.content)
    assert (answer.status_code, answer.media_type) == (status, "application/problem+json")
    assert body["type"] == "urn:modplane:problem:some_code"
    assert (body["status"], body["detail"], body["instance"]) == (status, "What to do.", "/api/v1/things")
    assert body["title"]
    assert "errors" not in body


def test_a_refusal_is_told_whole() -> None:
    refused = ModuleStillUsed("Take it away first.", errors=[FieldError("/ids/1", "used")], organizations=3)
    body = msgspec.json.decode(problem(request(), refused.refusal()).content)
    assert (body["type"], body["organizations"]) == ("urn:modplane:problem:module_still_used", 3)
    assert body["errors"] == [{"pointer": "/ids/1", "message": "used"}]


def test_a_refusal_is_the_same_after_it_was_stored() -> None:
    refusal = ModuleStillUsed("Take it away first.", errors=[FieldError("/a", "b")], extra_field=[1]).refusal()
    again = msgspec.json.decode(msgspec.json.encode(refusal), type=Refusal)
    assert problem(request(), again).content == problem(request(), refusal).content


@pytest.mark.parametrize(("kind", "header"), [("unauthenticated", "WWW-Authenticate"), ("unavailable", "Retry-After")])
def test_a_refusal_that_may_pass_says_how(kind: Kind, header: str) -> None:
    assert header in problem(request(), Refusal(kind, "code", "detail")).headers


@pytest.mark.parametrize(
    ("message", "pointer"),
    [
        ("Expected `int`, got `str` - at `$.a.b[3].c`", "/a/b/3/c"),
        ("Expected `object`, got `array`", ""),
        ("Object contains unknown field `x`", "/x"),
        ("Object contains unknown field `x` - at `$.a[0]`", "/a/0/x"),
    ],
)
def test_a_wrong_field_is_named_by_its_pointer(message: str, pointer: str) -> None:
    assert field_error(message).pointer == pointer


@pytest.mark.parametrize(
    ("wanted", "known"),
    [('"1.a"', True), ("*", True), ('W/"1.a"', True), ('"2.b" , "1.a"', True), ('"1.b"', False), ("1.a", False)],
)
def test_an_etag_is_known_or_not(wanted: str, known: bool) -> None:
    assert not_modified(wanted, '"1.a"') is known


@pytest.mark.parametrize(
    ("tag", "sequence"),
    [('"12.0a1b2c3d"', 12), ('"12"', 12), ("12.abc", 12), ("*", None), (' "0.x" ', 0)],
)
def test_if_match_names_a_sequence(tag: str, sequence: int | None) -> None:
    assert expected_sequence(request(if_match=tag)) == sequence


@pytest.mark.parametrize(
    ("prefer", "asynchronous"),
    [("respond-async", True), ("wait=5, Respond-Async", True), ("return=minimal", False), ("", False)],
)
def test_a_caller_may_prefer_not_to_wait(prefer: str, asynchronous: bool) -> None:
    assert respond_async(request(prefer=prefer)) is asynchronous


def test_a_reason_is_percent_encoded_text_of_bounded_length() -> None:
    assert reason_of(request()) is None
    assert reason_of(request(modplane_reason="%20")) is None
    assert reason_of(request(modplane_reason="gr%C3%BCn")) == "grün"
    for bad in ("x" * 501, "a%00b"):
        with pytest.raises(BadHeader):
            reason_of(request(modplane_reason=bad))


def test_requests_that_mean_something_else_have_other_fingerprints() -> None:
    prints = [
        fingerprint(request(), {}),
        fingerprint(request(), {"a": 1}),
        fingerprint(request(), {"a": 1.0}),
        fingerprint(request("/api/v1/thing"), {}),
        fingerprint(request(query=f"preview=1.2.{'0' * 32}"), {}),
        fingerprint(request(if_match='"1"'), {}),
        fingerprint(request(if_match="*"), {}),
        fingerprint(request(modplane_reason="other"), {}),
    ]
    assert len(set(prints)) == len(prints)


def test_requests_that_mean_the_same_have_one_fingerprint() -> None:
    assert fingerprint(request(), {"a": 1, "b": 2}) == fingerprint(request(), {"b": 2, "a": 1})
    assert fingerprint(request(modplane_reason="gr%C3%BCn"), {}) == fingerprint(request(query="reason=gr%C3%BCn"), {})
    assert fingerprint(request(if_match='W/"1.x"'), {}) == fingerprint(request(if_match='"1.y"'), {})


@pytest.mark.parametrize(("result", "rest"), [(None, {}), (b"{}", {}), (b'{"a":1}', {"a": 1})])
def test_an_outcome_is_told_with_the_fields_of_its_result(result: bytes | None, rest: dict[str, Any]) -> None:
    outcome = Outcome(
        operation_id=UUID(int=1),
        status="applied",
        fingerprint="f",
        context="toy",
        aggregate_id="a",
        result=None if result is None else msgspec.Raw(result),
    )
    assert msgspec.json.decode(outcome_body(outcome)) == {
        "operation_id": str(UUID(int=1)),
        "status": "applied",
        **rest,
    }
