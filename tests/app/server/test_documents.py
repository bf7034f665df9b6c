import re
from typing import Any, cast
from urllib.parse import urljoin

import httpx
import pytest

from app.main import create_app
from app.server.documents import DOCUMENTS
from app.settings import Settings

ADDRESS = re.compile(r"""(?:src|href|action|url)\s*[=:]\s*["']([^"']+)""")
DIRECTIVE = re.compile(r"([\w-]+) ([^;]+)")
LOCAL = {"'self'", "'none'", "'unsafe-inline'", "data:"}


def client(role: str = "all") -> httpx.AsyncClient:
    app = create_app(Settings.model_construct(role=role))
    return httpx.AsyncClient(transport=httpx.ASGITransport(cast("Any", app)), base_url="http://modplane")


async def test_all_the_page_is_made_of_comes_from_the_service_itself() -> None:
    async with client() as asking:
        page = await asking.get("/schema")
        script = await asking.get("/schema/page.js")
        addresses = set(ADDRESS.findall(page.text + script.text))
        assert addresses > {"/schema/openapi.json", "/schema/page.js"}
        assert {address for address in addresses if not address.startswith("/schema/")} == set()
        for address in addresses:
            answer = await asking.get(urljoin("http://modplane/schema", address))
            assert (address, answer.status_code) == (address, 200)
            assert answer.content


async def test_the_browser_is_told_to_ask_no_other_host() -> None:
    async with client() as asking:
        page = await asking.get("/schema")
    policy = dict(DIRECTIVE.findall(page.headers["content-security-policy"]))
    assert page.headers["content-type"].startswith("text/html")
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert {source for sources in policy.values() for source in sources.split()} <= LOCAL
    assert not re.search(r"<script(?![^>]*\ssrc=)", page.text)


@pytest.mark.parametrize(("path", "file"), [("/schema/openapi.json", "openapi.json"), ("/asyncapi", "asyncapi.json")])
async def test_the_service_shows_the_committed_documents_byte_for_byte(path: str, file: str) -> None:
    async with client() as asking:
        answer = await asking.get(path)
        again = await asking.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.content == (DOCUMENTS / file).read_bytes()
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("path", ["/schema", "/schema/openapi.json", "/asyncapi"])
async def test_a_worker_shows_no_document_of_an_api_it_does_not_serve(path: str) -> None:
    async with client("worker") as asking:
        assert (await asking.get(path)).status_code == 404
