"""What people type over HTTP: names, e-mails, searches, times and parameters are understood whole, or refused."""

import json
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.server.documents import DOCUMENTS
from tests.support.api_client import Api, code_of, problem_of, signup

HIDDEN = ("Acme\u202elive", "Acme\nevil", "   ", "\u200b", "Ac\u00adme", "\ufeffAcme", "Ac\u200dme", "\u3164")
BOUNDED = settings(
    max_examples=40, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
NOBODYS_ID = "5b1f6f3e-3c1e-4a52-9d0b-0f6f0a4f3b7d"
MADE = {"MODULE": "made_up", "ORGANIZATION": str(uuid4())}


def fresh() -> str:
    return uuid4().hex[:12]


def reads() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Every GET of the API with what it takes in its address; streams as well."""
    paths = json.loads((DOCUMENTS / "openapi.json").read_text())["paths"]
    for path, operations in sorted(paths.items()):
        if "get" in operations and path.startswith("/api/v1"):
            parameters = [one for one in operations["get"].get("parameters", []) if "$ref" not in one]
            filled = path.removeprefix("/api/v1")
            for one in parameters:
                if one["in"] == "path":
                    is_id = one["schema"].get("format") == "uuid"
                    filled = filled.replace(f"{{{one['name']}}}", NOBODYS_ID if is_id else "made_up")
            yield filled, [one for one in parameters if one["in"] == "query"]


READS = list(reads())
LISTS = [(path, known) for path, known in READS if known and not path.endswith(("/export", "/stream"))]


@pytest.mark.parametrize("name", HIDDEN)
def test_a_name_that_nobody_could_read_is_refused_where_it_stands(admin: Api, nobody: Api, name: str) -> None:
    module, industry, organization = admin.module(), admin.industry([]), admin.organization()
    of_module = {"module_id": f"m_{fresh()}", "service_name": "s", "api_endpoint": "/", "version": "1"}
    asked: list[tuple[httpx.Response, str]] = [
        (nobody.post("/organizations/signup", signup(organization_name=name)), "/organization_name"),
        (admin.patch(f"/organizations/{organization}", {"name": name}), "/name"),
        (admin.post("/industries", {"industry_code": f"i_{fresh()}", "industry_name": name}), "/industry_name"),
        (admin.patch(f"/industries/{industry}", {"industry_name": name}), "/industry_name"),
        (admin.post("/module-registry", of_module | {"module_name": name, "category": "c"}), "/module_name"),
        (admin.patch(f"/module-registry/{module}", {"category": name}), "/category"),
        (admin.patch(f"/module-registry/{module}", {"service_name": name}), "/service_name"),
        (admin.post("/tokens", {"name": name, "role": "service"}), "/name"),
    ]
    if name.strip():
        asked.append((nobody.post("/organizations/signup", signup(admin_name=name)), "/admin_name"))
        if "\n" not in name:
            asked.append((admin.patch(f"/industries/{industry}", {"description": name}), "/description"))
    for answer, pointer in asked:
        assert answer.status_code == 422, (pointer, answer.text)
        assert [error["pointer"] for error in problem_of(answer)["errors"]] == [pointer]


def test_names_are_kept_trimmed_and_composed_and_compared_without_case(admin: Api) -> None:
    name = f"Cafe\u0301 Straße {fresh()}"
    code = admin.industry([], industry_name=f"  {name}\n")
    kept = unicodedata.normalize("NFC", name)
    assert admin.get(f"/industries/{code}").json()["industry_name"] == kept
    for other in (name, f"{name} ", kept.upper(), kept.replace(" ", "\u00a0"), kept.replace("ß", "ss")):
        again = admin.post("/industries", {"industry_code": f"i_{fresh()}", "industry_name": other})
        assert (again.status_code, code_of(again)) == (409, "industry_name_taken"), other
    again = admin.patch(f"/industries/{code}", {"industry_name": f" {name} "})
    assert again.json()["status"] == "unchanged"


@pytest.mark.parametrize(
    ("typed", "otherwise"),
    [
        ("\u200bada.{}@acme.example", "ADA.{}@ACME.example\u00a0"),
        ("ada.{}@münchen.example", "ada.{}@xn--mnchen-3ya.example"),
        ("ada.{}@xn--bcher-kva.example", "Ada.{}@BÜCHER.example"),
    ],
)
def test_one_address_is_one_account_in_every_spelling(nobody: Api, admin: Api, typed: str, otherwise: str) -> None:
    typed, otherwise = typed.format(mark := fresh()), otherwise.format(mark)
    body = signup(admin_email=typed)
    assert nobody.decided("/organizations/signup", body).status_code == 201
    again = nobody.post("/organizations/signup", signup(admin_email=otherwise))
    assert (again.status_code, code_of(again)) == (409, "email_taken")
    for spelled in (typed, otherwise, typed.upper()):
        login = nobody.post("/auth/login", {"email": spelled, "password": body["admin_password"]})
        assert login.status_code == 200, spelled
        found = admin.get(f"/users?q={quote(spelled)}").json()["items"]
        assert len(found) == 1


def test_tenants_are_found_by_their_words_and_listed_in_the_order_of_people(admin: Api) -> None:
    # It begins as some of the names do, and ends in a number: their order is not to suffer from it.
    mark = f"a{uuid4().int % 10**11:011}"
    names = (
        *("10", "9", "Acme\u00a0GmbH", "Ärzte", "Bau", "Café", "Meier–Huber", "O’Neil & Söhne", "straße"),
        *("Zoo", "ООО «Ромашка»", "“Zebra” Ltd"),
    )
    for name in names:
        admin.organization(organization_name=f"{name} {mark}")
    searches = {
        **{name: name for name in names},
        "Ромашка": "ООО «Ромашка»",
        "Acme GmbH": "Acme\u00a0GmbH",
        "O'Neil": "O’Neil & Söhne",
        "Huber": "Meier–Huber",
        "Zebra": "“Zebra” Ltd",
        "STRASSE": "straße",
        "Cafe\u0301": "Café",
        "ZOO": "Zoo",
        "ärz": "Ärzte",
    }
    for q, name in searches.items():
        found = admin.get(f"/organizations?q={quote(f'{q} {mark}')}").json()["items"]
        assert [one["name"] for one in found] == [f"{name} {mark}"], q
    ordered = [one["name"].removesuffix(f" {mark}") for one in every(admin, f"/organizations?limit=5&q={mark}")]
    assert ordered == [
        *("9", "10", "Acme\u00a0GmbH", "Ärzte", "Bau", "Café", "Meier–Huber", "O’Neil & Söhne", "straße"),
        *("“Zebra” Ltd", "Zoo", "ООО «Ромашка»"),
    ]


def every(api: Api, path: str) -> list[dict[str, Any]]:
    """The items of all pages."""
    page = api.get(path).json()
    items = [*page["items"]]
    while page["next_cursor"]:
        page = api.get(f"{path}&cursor={page['next_cursor']}").json()
        items += page["items"]
    return items


@pytest.mark.parametrize("length", [146, 200])
def test_the_longest_name_finds_its_tenant_however_it_is_typed(admin: Api, length: int) -> None:
    name = f"{fresh()} {'é' * 180}"[:length]
    id_ = admin.organization(organization_name=name)
    for q in (name, unicodedata.normalize("NFD", name)):
        found = admin.get(f"/organizations?q={quote(q)}")
        assert [one["organization_id"] for one in found.json()["items"]] == [id_], found.text


@pytest.mark.parametrize(("path", "known"), READS, ids=[path for path, _ in READS])
def test_a_read_refuses_what_it_does_not_know_and_what_is_empty(
    admin: Api, path: str, known: list[dict[str, Any]]
) -> None:
    assert code_of(admin.get(f"{path}?organisation_id={uuid4()}")) == "bad_parameter"
    for one in known:
        for empty in ("", "%20", "%C2%A0%E2%80%8B"):
            answer = admin.get(f"{path}?{one['name']}={empty}")
            assert answer.status_code == 400, (one["name"], answer.text)


def test_a_hot_read_refuses_what_it_does_not_know(admin: Api) -> None:
    path = f"/organizations/{admin.organization()}/modules"
    assert admin.get(path).status_code == 200
    assert admin.get(f"{path}?").status_code == 200
    assert code_of(admin.get(f"{path}?module_id=crm")) == "bad_parameter"


def test_probes_and_pages_overlook_what_they_do_not_know(admin: Api) -> None:
    for path in ("/health/live", "/health/ready", "/metrics", "/schema", "/schema/openapi.json", "/asyncapi"):
        url = str(admin.client.base_url).removesuffix("/api/v1/") + path
        assert admin.client.get(f"{url}?probe=1").status_code == 200, path


@pytest.mark.parametrize("wanted", [{"q": ""}, {"q": "   "}, {"q": "\u200b"}, {"status": ""}, {"industry_code": ""}])
def test_an_empty_filter_selects_nobody_for_a_bulk_operation(admin: Api, wanted: dict[str, str]) -> None:
    answer = admin.post("/bulk-operations?dry_run=true", {"command": {"type": "suspend"}, "filter": wanted})
    assert answer.status_code == 400, answer.text
    assert [error["pointer"] for error in problem_of(answer)["errors"]] == [f"/filter/{next(iter(wanted))}"]


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"])
def test_a_time_that_leaves_the_calendar_is_refused(admin: Api, moment: str) -> None:
    for path in ("/events", "/events/export", "/events/stream"):
        for name in ("since", "until"):
            assert code_of(admin.get(f"{path}?{name}={quote(moment)}")) == "bad_parameter"
    token = admin.post("/tokens", {"name": "x", "role": "service", "expires_at": moment})
    assert (token.status_code, problem_of(token)["errors"][0]["pointer"]) == (422, "/expires_at")


def test_what_common_clients_send_is_understood(admin: Api) -> None:
    for since in ("2026-11-23T12:00:00+02:00", "2026-11-23%2012:00:00%2B02:00", "2026-11-23T12:00Z"):
        assert admin.get(f"/events?limit=1&since={since}").status_code == 200, since
    for yes, no in (("true", "false"), ("True", "False"), ("1", "0")):
        assert admin.get(f"/organizations?limit=1&with_total={yes}").json()["total"] is not None
        assert admin.get(f"/organizations?limit=1&with_total={no}").json()["total"] is None
        told = admin.post(f"/organizations/{admin.organization()}/suspend?dry_run={yes}")
        assert told.json()["dry_run"] is True
        assert admin.get(f"/industries?include_inactive={yes}").status_code == 200


WORDS = st.text(st.characters(), max_size=30)


@BOUNDED
@given(st.data())
def test_any_query_of_any_list_is_understood_whole_or_refused(admin: Api, data: st.DataObject) -> None:
    path, known = data.draw(st.sampled_from(LISTS))
    names = st.sampled_from([one["name"] for one in known]) | WORDS
    likely = st.sampled_from(
        ("1", "true", "acme", "-name", "active", "2026-11-23T12:00:00Z", str(uuid4()), "%", "\\", "'")
    )
    pairs = data.draw(st.lists(st.tuples(names, likely | WORDS), max_size=3))
    raw = (
        urlencode(pairs, errors="surrogatepass")
        if data.draw(st.booleans())
        else quote(data.draw(WORDS), errors="replace")
    )
    answer = admin.get(f"{path}?{raw}")
    assert answer.status_code in {200, 400, 404}, (raw, answer.text)
    if answer.status_code == 200:
        given_names = {unpacked.partition("=")[0] for unpacked in raw.split("&") if unpacked}
        assert given_names <= {one["name"] for one in known}, raw


@BOUNDED
@given(name=st.text(st.characters(codec="utf-8"), max_size=30))
def test_any_name_comes_back_as_it_was_and_finds_itself_or_is_refused(
    named: Callable[[str], httpx.Response], admin: Api, name: str
) -> None:
    answer = named(name)
    assert answer.status_code in {200, 400, 422}, answer.text
    if answer.status_code == 200:
        kept = answer.json()["name"]
        assert kept == unicodedata.normalize("NFC", name.strip())
        found = admin.get(f"/organizations?limit=200&q={quote(kept)}").json()["items"]
        assert kept in {one["name"] for one in found} or not any(c.isalnum() for c in kept)


@pytest.fixture
def named(admin: Api) -> Callable[[str], httpx.Response]:
    """Renames one tenant."""
    id_ = admin.organization()
    return lambda name: admin.patch(f"/organizations/{id_}", {"name": name})


@BOUNDED
@given(
    local_part=st.text(st.characters(codec="utf-8"), min_size=1, max_size=12),
    domain=st.sampled_from(("acme.example", "münchen.example")),
)
def test_any_address_is_taken_or_refused(nobody: Api, local_part: str, domain: str) -> None:
    email = f"{local_part}{fresh()}@{domain}"
    body = signup(admin_email=email)
    answer = nobody.post("/organizations/signup?dry_run=true", body)
    assert answer.status_code in {200, 400, 422}, answer.text
