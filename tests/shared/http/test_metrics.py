from typing import Any, cast

import httpx
import pytest
from prometheus_client import CollectorRegistry

from shared.http.middleware import Measured, RequestMeter
from shared.telemetry.metrics import SECONDS


class Site:
    """An application that finds a route for `/things/{id}` alone, and who asks it."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.meter = RequestMeter()
        self.registry.register(self.meter)
        self.app = Measured(cast("Any", self.answer), self.meter)

    async def answer(self, scope: Any, _: Any, send: Any) -> None:
        found = scope["path"].startswith("/things/")
        if found:
            scope["path_template"] = "/things/{id}"
        await send({"type": "http.response.start", "status": 200 if found else 404, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def ask(self, method: str, path: str) -> None:
        transport = httpx.ASGITransport(cast("Any", self.app))
        async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
            await client.request(method, path)

    def counted(self) -> dict[tuple[str, ...], float]:
        return {
            tuple(sample.labels[name] for name in ("route", "method", "status")): sample.value
            for family in self.registry.collect()
            for sample in family.samples
            if sample.name.endswith("_count")
        }


@pytest.fixture
def site() -> Site:
    return Site()


async def test_requests_count_by_route_method_and_status(site: Site) -> None:
    for path in ("/things/1", "/things/2", "/elsewhere"):
        await site.ask("GET", path)
    await site.ask("DELETE", "/things/1")
    assert site.counted() == {
        ("/things/{id}", "GET", "200"): 2,
        ("/things/{id}", "DELETE", "200"): 1,
        ("unrouted", "GET", "404"): 1,
    }


async def test_what_callers_make_up_makes_no_series(site: Site) -> None:
    for n in range(50):
        await site.ask(f"M{n}", f"/elsewhere/{n}")
    assert site.counted() == {("unrouted", "other", "404"): 50}


def test_a_time_counts_in_every_bucket_that_holds_it(site: Site) -> None:
    scope: Any = {"method": "GET", "path_template": "/things/{id}"}
    for seconds in (SECONDS[0], SECONDS[1] - 1e-6, SECONDS[-1] + 1):
        site.meter.note(scope, 200, seconds)
    (family,) = site.registry.collect()
    buckets = {sample.labels["le"]: sample.value for sample in family.samples if sample.name.endswith("_bucket")}
    assert (buckets["0.001"], buckets["0.0025"], buckets["10.0"], buckets["+Inf"]) == (1, 2, 2, 3)
    (total,) = [sample.value for sample in family.samples if sample.name.endswith("_sum")]
    assert total == pytest.approx(SECONDS[0] + SECONDS[1] - 1e-6 + SECONDS[-1] + 1)
