"""One command for many organizations: foreseen, carried out, cancelled, retried, and killed in the middle."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from devstack import Endpoints
from tests.journeys.conftest import Written
from tests.support.api_client import Api, code_of, problem_of, sign_in
from tests.support.many_organizations import insert_organizations
from tests.support.polling import wait_for
from tests.support.service_process import ServiceProcess

MANY = 1500

ASSIGNED = """
SELECT count(*), count(DISTINCT aggregateid), count(DISTINCT operation_id) FROM shared.event_log
WHERE type = 'tenant.module.assigned' AND module_id = $1
"""


def start(admin: Api, body: dict[str, Any], query: str = "", **headers: str) -> dict[str, Any]:
    answer = admin.post(f"/bulk-operations{query}", body, **headers)
    assert answer.status_code == 202, answer.text
    told: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"/api/v1/bulk-operations/{told['bulk_operation_id']}"
    return told


def ended(admin: Api, bulk_id: str, seconds: float = 60.0) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        progress: dict[str, Any] = admin.get(f"/bulk-operations/{bulk_id}").json()
        return progress if progress["status"] in {"finished", "cancelled"} else None

    found: dict[str, Any] = wait_for(look, "the bulk operation has ended", seconds)
    return found


def items(admin: Api, bulk_id: str, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = admin.get(f"/bulk-operations/{bulk_id}/items?limit=2{query}{cursor}").json()
        found += page["items"]
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"


def assign(module: str) -> dict[str, Any]:
    return {"type": "assign", "module_id": module}


async def test_organizations_of_a_filter_get_a_module_and_each_tells_why(admin: Api, connection: Any) -> None:
    module = admin.module()
    name, organizations = await insert_organizations(connection, 5)
    admin.post(f"/organizations/{organizations[0]}/suspend")
    admin.post(f"/modules/assign/{organizations[1]}", {"module_id": module})
    body = {"command": assign(module), "filter": {"q": name}}
    begun = start(admin, body, "?reason=spring%20offer")
    progress = ended(admin, begun["bulk_operation_id"])
    assert (progress["status"], progress["total"], progress["reason"]) == ("finished", 5, "spring offer")
    assert progress["counts"] | {"applied": 3, "unchanged": 1, "rejected": 1} == progress["counts"]
    assert [(reason["code"], reason["count"]) for reason in progress["refusals"]] == [("organization_suspended", 1)]
    (refused,) = items(admin, begun["bulk_operation_id"], "&outcome=rejected")
    assert (refused["organization_id"], refused["code"]) == (organizations[0], "organization_suspended")
    assert refused["organization_name"].startswith(name)
    assert len(items(admin, begun["bulk_operation_id"])) == 5
    assert module in admin.modules_of(organizations[2])
    reasons = await connection.fetch(
        "SELECT DISTINCT reason FROM shared.event_log WHERE aggregateid = $1 AND type = 'tenant.module.assigned'",
        organizations[2],
    )
    assert [row[0] for row in reasons] == ["spring offer"]


async def test_a_dry_run_counts_and_names_and_changes_nothing(admin: Api, connection: Any, written: Written) -> None:
    module = admin.module()
    name, organizations = await insert_organizations(connection, 8)
    admin.post(f"/organizations/{organizations[0]}/suspend")
    admin.post(f"/modules/assign/{organizations[1]}", {"module_id": module})
    before = await written()
    answer = admin.post("/bulk-operations?dry_run=true", {"command": assign(module), "filter": {"q": name}})
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert await written() == before
    assert (told["dry_run"], told["complete"], told["examined"]) == (True, True, 8)
    assert (told["would_change"], told["unchanged"], told["refused"]) == (6, 1, 1)
    assert told["unchanged_sample"] == [organizations[1]]
    assert set(told["would_change_sample"]) <= set(organizations[2:])
    (refusal,) = told["refusals"]
    assert (refusal["code"], refusal["count"], refusal["organization_ids"]) == (
        "organization_suspended",
        1,
        [organizations[0]],
    )


async def test_the_refused_are_retried_when_what_stood_in_their_way_is_gone(admin: Api, connection: Any) -> None:
    module = admin.module()
    _, organizations = await insert_organizations(connection, 3)
    admin.post(f"/organizations/{organizations[0]}/suspend")
    bulk_id = start(admin, {"command": assign(module), "organization_ids": organizations})["bulk_operation_id"]
    first = ended(admin, bulk_id)
    assert (first["counts"]["applied"], first["counts"]["rejected"]) == (2, 1)
    admin.post(f"/organizations/{organizations[0]}/reactivate")
    assert admin.post(f"/bulk-operations/{bulk_id}/retry").status_code == 202
    second = wait_for(lambda: (told := ended(admin, bulk_id))["counts"]["rejected"] == 0 and told, "it was retried")
    assert (second["status"], second["counts"]["applied"], second["refusals"]) == ("finished", 3, [])
    assert module in admin.modules_of(organizations[0])


@pytest.mark.parametrize(
    ("command", "status"),
    [({"type": "suspend"}, "suspended"), ({"type": "reactivate"}, "active")],
)
async def test_organizations_are_suspended_and_reactivated_together(
    admin: Api, connection: Any, command: dict[str, Any], status: str
) -> None:
    _, organizations = await insert_organizations(connection, 2)
    admin.post(f"/organizations/{organizations[0]}/suspend")
    ended(admin, start(admin, {"command": command, "organization_ids": organizations})["bulk_operation_id"])
    assert {admin.get(f"/organizations/{id_}").json()["status"] for id_ in organizations} == {status}


async def test_a_template_is_applied_and_taken_apart_again(admin: Api, connection: Any) -> None:
    module = admin.module()
    industry = admin.industry([{"module_id": module, "is_required": True}])
    _, organizations = await insert_organizations(connection, 2)
    apply = {"type": "apply_industry", "industry_code": industry}
    ended(admin, start(admin, {"command": apply, "organization_ids": organizations})["bulk_operation_id"])
    assert all(module in admin.modules_of(id_) for id_ in organizations)
    wait_for(
        lambda: all(admin.get(f"/organizations/{id_}").json()["industry_code"] == industry for id_ in organizations),
        "the industry is theirs",
    )
    unassign = {"type": "unassign", "module_id": module}
    refused = ended(admin, start(admin, {"command": unassign, "organization_ids": organizations})["bulk_operation_id"])
    assert refused["counts"]["rejected"] == 2
    forced = {**unassign, "force": True}
    ended(admin, start(admin, {"command": forced, "organization_ids": organizations})["bulk_operation_id"])
    assert all(module not in admin.modules_of(id_) for id_ in organizations)


async def test_those_on_older_versions_of_a_template_are_chosen_and_no_others(admin: Api, connection: Any) -> None:
    first, second = admin.module(), admin.module()
    industry = admin.industry([{"module_id": first, "is_required": True}])
    _, organizations = await insert_organizations(connection, 3)
    older, current = organizations[:2], organizations[2]
    for id_ in older:
        assert admin.post(f"/modules/apply-industry/{id_}", {"industry_code": industry}).status_code == 200
    listed = [{"module_id": id_, "is_required": True} for id_ in (first, second)]
    assert admin.patch(f"/industries/{industry}", {"modules": listed}).json()["version"] == 2
    assert admin.post(f"/modules/apply-industry/{current}", {"industry_code": industry}).status_code == 200
    assert admin.post(f"/modules/unassign/{current}/{second}?force=true").status_code == 200
    page = admin.get(f"/organizations?template_code={industry}&template_older_than=2&with_total=true").json()
    assert {item["organization_id"] for item in page["items"]} == set(older)
    assert page["total"] == {"count": 2, "is_exact": True}
    body = {
        "command": {"type": "apply_industry", "industry_code": industry},
        "filter": {"template_code": industry, "template_version": {"older_than": 2}},
    }
    assert admin.post("/bulk-operations?dry_run=true", body).json()["examined"] == 2
    progress = ended(admin, start(admin, body)["bulk_operation_id"])
    assert (progress["total"], progress["counts"]["applied"]) == (2, 2)
    assert progress["filter"]["template_version"] == {"older_than": 2}
    assert second in admin.modules_of(older[0])
    assert second not in admin.modules_of(current)


async def test_one_key_begins_one_bulk_operation(admin: Api, connection: Any) -> None:
    _, organizations = await insert_organizations(connection, 1)
    body = {"command": {"type": "suspend"}, "organization_ids": organizations}
    key = {"idempotency_key": uuid4().hex}
    assert start(admin, body, **key)["bulk_operation_id"] == start(admin, body, **key)["bulk_operation_id"]
    again = admin.post("/bulk-operations", body | {"command": {"type": "reactivate"}}, **key)
    assert (again.status_code, code_of(again)) == (422, "idempotency_key_reused")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"command": {"type": "suspend"}}, 422),
        ({"command": {"type": "suspend"}, "filter": {}, "organization_ids": [str(uuid4())]}, 422),
        ({"command": {"type": "suspend"}, "organization_ids": []}, 400),
        ({"command": {"type": "suspend"}, "organization_ids": ["x"]}, 400),
        ({"command": {"type": "explode"}, "filter": {}}, 400),
        ({"command": {"type": "assign"}, "filter": {}}, 400),
        ({"command": {"type": "suspend"}, "filter": {"colour": "red"}}, 400),
        ({"command": {"type": "suspend"}, "filter": {"template_version": 2}}, 422),
        ({"command": {"type": "suspend"}, "filter": {"template_version": {"older_than": 2}}}, 422),
        ({"command": {"type": "suspend"}, "filter": {"template_code": "a_b", "template_version": {}}}, 400),
        ({"command": {"type": "suspend"}, "filter": {"template_code": "a_b", "template_version": {"than": 2}}}, 400),
        ({"command": {"type": "assign", "module_id": "m_1", "config": {"x": "y" * 110_000}}, "filter": {}}, 413),
    ],
)
def test_what_cannot_be_meant_is_refused(admin: Api, body: dict[str, Any], status: int) -> None:
    answer = admin.post("/bulk-operations", body)
    assert answer.status_code == status, answer.text
    problem_of(answer)


def test_an_unknown_bulk_operation_is_not_found(admin: Api) -> None:
    unknown = f"/bulk-operations/{uuid4()}"
    answers = [
        admin.get(unknown),
        admin.get(f"{unknown}/items"),
        admin.post(f"{unknown}/cancel"),
        admin.post(f"{unknown}/retry"),
    ]
    assert [(answer.status_code, code_of(answer)) for answer in answers] == [(404, "bulk_operation_not_found")] * 4


def test_the_youngest_bulk_operation_is_listed_first(admin: Api) -> None:
    body = {"command": {"type": "suspend"}, "organization_ids": [str(uuid4())]}
    begun = [start(admin, body)["bulk_operation_id"] for _ in range(3)]
    first = admin.get("/bulk-operations?limit=2").json()
    second = admin.get(f"/bulk-operations?limit=1&cursor={first['next_cursor']}").json()
    assert [item["bulk_operation_id"] for item in first["items"] + second["items"]] == begun[::-1]
    assert admin.post(f"/bulk-operations/{begun[0]}/retry").status_code in {202, 409}


@pytest.fixture
def doomed(endpoints: Endpoints, service: ServiceProcess, tmp_path: Path) -> Iterator[ServiceProcess]:
    """The only process there is, to be killed; the package's own comes back afterwards."""
    service.stop()
    with ServiceProcess(endpoints, tmp_path / "doomed.log") as process:
        yield process
    service.start().wait_ready()


def some_are_decided(admin: Api, bulk_id: str) -> Callable[[], bool]:
    return lambda: 0 < admin.get(f"/bulk-operations/{bulk_id}").json()["counts"]["applied"] < MANY


async def test_killed_in_the_middle_it_goes_on_without_a_second_effect(doomed: ServiceProcess, connection: Any) -> None:
    caller = sign_in(doomed.url)
    module = caller.module()
    name, organizations = await insert_organizations(connection, MANY)
    bulk_id = start(caller, {"command": assign(module), "filter": {"q": name}})["bulk_operation_id"]
    await asyncio.to_thread(wait_for, some_are_decided(caller, bulk_id), "some are decided and some are not", 30)
    doomed.kill()
    doomed.start().wait_ready()
    progress = await asyncio.to_thread(ended, caller, bulk_id, 120)
    assert (progress["total"], progress["counts"]["applied"]) == (MANY, MANY)
    assert tuple(await connection.fetchrow(ASSIGNED, module)) == (MANY, MANY, MANY)
    assert module in caller.modules_of(organizations[-1])


async def test_a_cancelled_one_leaves_the_rest_alone(admin: Api, connection: Any) -> None:
    module = admin.module()
    _, organizations = await insert_organizations(connection, MANY)
    bulk_id = start(admin, {"command": assign(module), "organization_ids": organizations})["bulk_operation_id"]
    assert admin.post(f"/bulk-operations/{bulk_id}/cancel").status_code == 202
    progress = await asyncio.to_thread(ended, admin, bulk_id)
    counts = progress["counts"]
    assert (progress["status"], counts["waiting"], counts["applied"] + counts["cancelled"]) == ("cancelled", 0, MANY)
    assert counts["cancelled"] > 0
    assert (await connection.fetchrow(ASSIGNED, module))[0] == counts["applied"]
    answer = admin.post(f"/bulk-operations/{bulk_id}/cancel")
    assert (answer.status_code, code_of(answer)) == (409, "bulk_operation_ended")
