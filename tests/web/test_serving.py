"""The service as the UI's web server: pages, assets, headers, and what is not there."""

import re
from collections.abc import Iterator

import httpx
import pytest

from tests.support.service_process import ServiceProcess


@pytest.fixture(scope="module")
def http(service: ServiceProcess) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.url) as client:
        yield client


@pytest.mark.parametrize("address", ["/", "/login", "/signup", "/super-admin", "/super-admin/modules", "/organization"])
def test_every_address_of_the_ui_is_its_page(http: httpx.Client, address: str) -> None:
    answer = http.get(address)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.headers["cache-control"] == "no-cache"
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    assert (policy["default-src"], policy["script-src"], policy["connect-src"]) == ("'none'", "'self'", "'self'")
    assert http.get(address, headers={"If-None-Match": answer.headers["etag"]}).status_code == 304
    head = http.head(address)
    assert (head.status_code, head.content) == (200, b"")


def test_assets_are_kept_for_ever_and_were_compressed_before(http: httpx.Client) -> None:
    (script,) = re.findall(r'<script type="module"[^>]* src="(/assets/[^"]+)"', http.get("/").text)
    lengths = {}
    for encoding in ("br", "gzip", "identity"):
        with http.stream("GET", script, headers={"Accept-Encoding": encoding}) as answer:
            assert answer.status_code == 200
            assert answer.headers["content-type"].startswith("text/javascript")
            assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert answer.headers.get("content-encoding", "identity") == encoding
            lengths[encoding] = len(b"".join(answer.iter_raw()))
    assert lengths["br"] < lengths["gzip"] < lengths["identity"] / 2


@pytest.mark.parametrize(
    "address",
    ["/nowhere", "/assets/none.js", "/assets/..%2findex.html", "/api/v1/nowhere", "/index.html", "/super-admin.html"],
)
def test_what_is_not_there_is_a_problem_and_no_page(http: httpx.Client, address: str) -> None:
    answer = http.get(address)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_a_browser_is_told_by_the_page_what_is_not_there(http: httpx.Client) -> None:
    browser = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
    answer = http.get("/nowhere", headers=browser)
    assert (answer.status_code, answer.text) == (404, http.get("/").text)
    assert "content-security-policy" in answer.headers
    for address in ("/assets/none.js", "/api/v1/nowhere", "/health/nowhere"):
        assert http.get(address, headers=browser).headers["content-type"] == "application/problem+json"


def test_the_first_load_stays_below_its_budget(http: httpx.Client) -> None:
    page = http.get("/login")
    wanted = set(re.findall(r'(?:src|href)="(/[^"]+)"', page.text))
    sizes = {}
    for address in wanted:
        with http.stream("GET", address, headers={"Accept-Encoding": "br"}) as answer:
            sizes[address] = len(b"".join(answer.iter_raw()))
    assert sum(sizes.values()) + len(page.content) < 250 * 1024, sizes
