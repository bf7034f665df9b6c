from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.support.api_client import Api, new_tenant
from tests.support.service_process import ServiceProcess

SENT = ("etag", "cache-control", "content-type", "content-length", "www-authenticate")


def told(answer: httpx.Response) -> dict[str, Any]:
    """All that a caller can tell an answer by, but for the path a problem names."""
    headers = {name: answer.headers.get(name) for name in SENT}
    if answer.status_code < 400:
        return {"status": answer.status_code, "body": answer.content, **headers}
    problem = answer.json() | {"instance": ""}
    return {"status": answer.status_code, "body": problem, **headers | {"content-length": None}}


def both_ways(caller: Api, organization_id: str, **headers: str) -> dict[str, Any]:
    """The answer before routing, which must be the route's: an id in capitals reaches nobody but the route."""
    hot = told(caller.get(f"/organizations/{organization_id}/modules", **headers))
    routed = told(caller.get(f"/organizations/{organization_id.upper()}/modules", **headers))
    if hot["status"] >= 400:
        for answer in (hot, routed):
            answer["body"]["detail"] = answer["body"]["detail"].lower()
    assert hot == routed
    return hot


def test_whoever_may_read_an_organization_s_modules_gets_the_route_s_answer_before_routing(
    admin: Api, service: ServiceProcess
) -> None:
    tenant = new_tenant(service.url, admin.industry([admin.module()]))
    answers = [both_ways(caller, tenant.id) for caller in (admin, tenant.admin)]
    assert {answer["status"] for answer in answers} == {200}
    assert both_ways(admin, tenant.id, if_none_match=answers[0]["etag"])["status"] == 304
    assert both_ways(admin, tenant.id, if_none_match='"0.other"')["status"] == 200


@pytest.mark.parametrize("accept", ["application/json", "*/*"])
def test_whoever_may_not_is_told_why_by_the_route(
    admin: Api, nobody: Api, service: ServiceProcess, accept: str
) -> None:
    tenant, stranger = new_tenant(service.url), new_tenant(service.url)
    assert both_ways(nobody, tenant.id, accept=accept)["status"] == 401
    assert both_ways(stranger.admin, tenant.id, accept=accept)["status"] == 403
    assert both_ways(admin, str(uuid4()), accept=accept)["status"] == 404
