"""A dry run of every command tells what would happen, and nothing does; what was shown can be insisted on."""

import asyncio
import json
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
import redis

from devstack import Endpoints
from shared.commands.postgres import LOCK_NAMESPACE, LOCK_ORDER
from tests.conftest import SCHEMAS
from tests.journeys.command_routes import ROUTES, CommandRoute, CommandWorld
from tests.support.api_client import Api, code_of, problem_of, signup
from tests.support.kafka_inspector import KafkaInspector
from tests.support.polling import wait_for
from tests.support.service_process import ServiceProcess

TABLES = "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = ANY($1::text[]) ORDER BY 1"
CONTENT = "SELECT count(*), md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM {} t"
TICKING = {"shared.relay_lease", "shared.replicas"}  # renewed every few seconds, whatever is asked
COUNTS = b"rate:"  # every request is counted, reads too
LASTING_MS = 60_000  # younger keys may end by themselves meanwhile
DRY = {"dry_run": "true"}
OWN_TO_DRY_RUNS = {"dry_run", "sequence", "preview", "changes", "impact"}
LOCKING = (
    "SELECT FROM shared.streams FOR UPDATE",
    "SELECT FROM access.pending_owners FOR UPDATE",
    f"SELECT {', '.join(f'pg_advisory_xact_lock({LOCK_NAMESPACE}, {place})' for place, _ in enumerate(LOCK_ORDER))}",
)
WHO = "SELECT user_id FROM shared.operations WHERE id = $1"
RECORDED = "SELECT type, payload::text FROM shared.event_log WHERE reason = $1 ORDER BY seq"


class Everything:
    """All there is in the three parts, to be compared."""

    def __init__(self, endpoints: Endpoints) -> None:
        self._endpoints = endpoints
        self._broker = KafkaInspector(endpoints.kafka_bootstrap)

    def settle(self) -> None:
        """Waits until what was done before has had all its effects."""
        wait_for(lambda: not self._fetch("SELECT 1 FROM shared.event_relay LIMIT 1"), "all events published")
        wait_for(lambda: not self._broker.lag(), "all records consumed")

    def now(self) -> dict[str, Any]:
        tables = [row[0] for row in self._fetch(TABLES, list(SCHEMAS)) if row[0] not in TICKING]
        return {
            **{table: self._fetch(CONTENT.format(table)) for table in tables},
            "redis": self._cached(),
            "topics": self._broker.ends(),
        }

    def _fetch(self, query: str, *args: Any) -> list[tuple[Any, ...]]:
        async def visit() -> list[tuple[Any, ...]]:
            connection = await asyncpg.connect(self._endpoints.postgres_url)
            try:
                return [tuple(row) for row in await connection.fetch(query, *args)]
            finally:
                await connection.close()

        return asyncio.run(visit())

    def _cached(self) -> dict[bytes, tuple[Any, Any]]:
        with redis.Redis.from_url(self._endpoints.redis_url) as client:
            keys = [key for key in client.scan_iter() if not key.startswith(COUNTS)]
            found: dict[bytes, tuple[Any, Any]] = {key: (client.pttl(key), client.dump(key)) for key in keys}
        return found


@pytest.fixture(scope="module")
def world(service: ServiceProcess, admin: Api) -> CommandWorld:
    return CommandWorld(service.url, admin)


def test_the_table_has_every_command_of_the_document(service: ServiceProcess) -> None:
    paths = httpx.get(f"{service.url}/schema/openapi.json").json()["paths"]
    dry = {"$ref": "#/components/parameters/DryRun"}
    operations = [operation for path in paths.values() for operation in path.values()]
    assert {each["operationId"] for each in operations if dry in each.get("parameters", [])} == {
        route.operation_id for route in ROUTES
    }


def test_dry_runs_of_all_commands_leave_everything_as_it_was(endpoints: Endpoints, world: CommandWorld) -> None:
    everything = Everything(endpoints)
    assert world.admin.modules_of(world.tenant.id), "a cached value, and its generations"
    everything.settle()
    before = everything.now()
    for route in ROUTES:
        shown = world.send(route, DRY, idempotency_key="never used")
        assert (route.operation_id, shown.status_code) == (route.operation_id, 200), shown.text
        body = shown.json()
        assert (body["dry_run"], body["status"]) == (True, "applied")
        assert tuple(change["type"] for change in body["changes"]) == route.types
        assert any(change["differences"] for change in body["changes"])
        assert world.send(route, DRY, if_match='"7"', prefer="respond-async").status_code == 412
    after = everything.now()
    lasting = [key for key, (left, _) in before["redis"].items() if not 0 < left < LASTING_MS]
    assert {key: after["redis"][key][1] for key in lasting} == {key: before["redis"][key][1] for key in lasting}
    assert after.pop("redis").keys() <= before.pop("redis").keys()
    assert after == before


async def test_dry_runs_wait_for_nobody(world: CommandWorld, connection: Any) -> None:
    async with connection.transaction():
        for locking in LOCKING:
            await connection.execute(locking)
        for route in ROUTES:
            shown = world.send(route, DRY)
            assert (route.operation_id, shown.status_code) == (route.operation_id, 200), shown.text


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.operation_id)
def test_a_command_is_meant_for_the_state_its_etag_names(world: CommandWorld, route: CommandRoute) -> None:
    state = world.state(route)
    is_new = state.status_code == 404
    etag = '"0"' if is_new else state.headers["ETag"]
    assert world.send(route, DRY, if_match=etag).status_code == 200
    late = world.send(route, if_match='"1"' if is_new else '"0"')
    assert late.status_code == 412, late.text
    told = problem_of(late)
    if is_new:
        assert (told["current"], told["events"]) == (None, [])
        return
    assert told["current"] == state.json()
    assert told["link"] == f"/api/v1{world.filled(route.state)}"
    assert [event["sequence"] for event in told["events"]] == list(range(1, told["sequence"] + 1))


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.operation_id)
async def test_a_command_does_what_its_dry_run_showed(
    world: CommandWorld, connection: Any, route: CommandRoute
) -> None:
    key, reason = uuid4().hex, f"because of {route.operation_id}"
    shown = world.send(route, DRY, idempotency_key=key).json()
    query = {"preview": shown["preview"], "reason": reason}
    done = world.send(route, query, idempotency_key=key)
    assert done.status_code in {200, 201}, done.text
    told = done.json()
    results = {name: value for name, value in shown.items() if name not in OWN_TO_DRY_RUNS | {"status"}}
    assert {name: told[name] for name in results} == results
    recorded = [(type_, json.loads(payload)) for type_, payload in await connection.fetch(RECORDED, reason)]
    own = 1 if route.operation_id == "signUp" else None  # the industry's modules follow by the service's own command
    assert recorded == [(change["type"], change["payload"]) for change in shown["changes"][:own]]
    again = world.send(route, query, idempotency_key=key)
    assert again.json() == told


def test_a_command_that_would_be_refused_is_refused_in_the_same_words(world: CommandWorld) -> None:
    admin, organization = world.admin, world.tenant.id
    suspended = admin.organization()
    assert admin.post(f"/organizations/{suspended}/suspend").status_code == 200
    for path, body in (
        (f"/modules/assign/{organization}", {"module_id": "an_absent_one"}),
        (f"/modules/assign/{uuid4()}", {"module_id": "an_absent_one"}),
        (f"/modules/assign/{suspended}", {"module_id": world.words["module"]}),
        (f"/modules/unassign/{organization}/an_absent_one", None),
        ("/module-registry/an_absent_one/activate", None),
        ("/organizations/signup", signup("an_absent_one")),
        ("/organizations/signup", signup(admin_email=world.tenant.email)),
        ("/organizations/signup", signup(admin_password="short")),
        (f"/modules/assign/{organization}", {"module_id": world.words["module"], "config": {"a": "x" * 70_000}}),
        (f"/modules/assign/{organization}", {"module_id": world.words["module"], "config": {"a": "x" * 600_000}}),
    ):
        told, refused = admin.post(f"{path}?dry_run=true", body), admin.post(path, body)
        assert told.status_code >= 400, told.text
        assert (told.status_code, told.json()) == (refused.status_code, refused.json())


def test_a_dry_run_tells_whom_a_switched_or_deleted_thing_concerns(world: CommandWorld) -> None:
    admin = world.admin
    module = admin.module()
    industry = admin.industry([module])
    organization = admin.organization(industry)
    switched = admin.post(f"/module-registry/{module}/deactivate?dry_run=true").json()
    assert switched["impact"] == {"organizations": 1, "templates": [industry]}
    deleted = admin.client.delete(f"/industries/{industry}?dry_run=true").json()
    assert (deleted["impact"], deleted["organizations"]) == ({"organizations": 1, "modules": None}, 1)
    assert admin.patch(f"/industries/{industry}?dry_run=true", {"is_active": False}).json()["impact"] == {
        "organizations": 1,
        "modules": None,
    }
    demanding = admin.module(config_schema={"required": ["currency"]})
    assert admin.post(f"/module-registry/{module}/deactivate").status_code == 200
    listed = [{"module_id": one, "is_required": True} for one in (demanding, module)]
    assert admin.patch(f"/industries/{industry}?dry_run=true", {"modules": listed}).json()["impact"]["modules"] == [
        {
            "module_id": demanding,
            "state": "config_invalid",
            "config_errors": [{"pointer": "/currency", "message": "is missing"}],
        },
        {"module_id": module, "state": "inactive", "config_errors": []},
    ]
    assert admin.patch(f"/industries/{industry}?dry_run=true", {"description": "x"}).json()["impact"] is None
    removed = admin.post(f"/modules/unassign/{organization}/{module}?dry_run=true").json()
    (difference,) = removed["changes"][0]["differences"]
    assert (difference["subject"], difference["change"], difference["after"]) == (module, "removed", None)
    assert difference["before"]["sources"][0]["industry_code"] == industry


def test_a_template_that_would_become_the_organizations_industry_says_so(world: CommandWorld) -> None:
    organization, industry = world.admin.organization(), world.words["industry"]
    path = f"/modules/apply-industry/{organization}?dry_run=true"
    assert world.admin.post(path, {"industry_code": industry}).json()["sets_industry"] is True
    other = world.admin.organization(world.admin.industry([]))
    path = f"/modules/apply-industry/{other}?dry_run=true"
    assert world.admin.post(path, {"industry_code": industry}).json()["sets_industry"] is False


async def test_a_preview_that_a_template_overtook_names_what_was_changed_and_by_whom(
    world: CommandWorld, connection: Any
) -> None:
    admin = world.admin
    module, industry = admin.module(), admin.industry([admin.module()])
    organization = admin.organization()
    path, body = f"/modules/apply-industry/{organization}", {"industry_code": industry}
    shown = admin.post(f"{path}?dry_run=true", body).json()["preview"]
    changed = {"modules": [{"module_id": module, "is_required": False}]}
    operation = admin.patch(f"/industries/{industry}?reason=leaner", changed).json()["operation_id"]
    stale = admin.post(f"{path}?preview={shown}", body)
    assert (stale.status_code, code_of(stale)) == (412, "preview_stale")
    told = problem_of(stale)
    event = told["events"][-1]  # nothing that happened before is promised to be left out
    assert (event["stream"], event["sequence"]) == (f"industries:{industry}", 2)
    assert (event["type"], event["reason"]) == ("tenant.industry.updated", "leaner")
    assert event["user_id"] == await connection.fetchval(WHO, operation)
    assert (told["refusal"], told["current"]["items"]) == (None, [])
    assert admin.modules_of(organization) == {}


def test_a_preview_of_what_would_be_refused_by_now_says_why(world: CommandWorld) -> None:
    admin = world.admin
    module, organization = admin.module(), admin.organization()
    path, body = f"/modules/assign/{organization}", {"module_id": module}
    shown = admin.post(f"{path}?dry_run=true", body).json()["preview"]
    assert admin.post(f"/module-registry/{module}/deactivate").status_code == 200
    address = admin.post(f"{path}?preview={shown}", body, prefer="respond-async").headers["Location"]
    path = address.removeprefix("/api/v1")
    operation = wait_for(lambda: (told := admin.get(path).json())["status"] != "pending" and told, "a decision")
    assert operation["refusal"]["code"] == "preview_stale"
    extra = operation["refusal"]["extra"]
    assert extra["refusal"]["code"] == "module_inactive"
    assert extra["events"][-1]["type"] == "tenant.module.deactivated"


def test_an_organizations_people_hear_of_their_own_reasons_alone(world: CommandWorld) -> None:
    tenant, admin, own = world.tenant, world.admin, world.admin.module()
    assert admin.post(f"/modules/assign/{tenant.id}", {"module_id": own}).status_code == 200
    path = f"/organizations/{tenant.id}/modules/{own}"
    shown = tenant.admin.patch(f"{path}?dry_run=true", {"b": 1}).json()["preview"]
    assert admin.patch(f"/organizations/{tenant.id}?reason=ours", {"name": uuid4().hex}).status_code == 200
    assert admin.patch(f"{path}?reason=theirs", {"b": 2}).status_code == 200
    told = problem_of(tenant.admin.patch(f"{path}?preview={shown}", {"b": 1}))
    reasons = [(event["type"], event["reason"]) for event in told["events"]]
    assert (reasons[0], reasons[-1]) == (
        ("tenant.module.config_updated", "theirs"),
        ("tenant.organization.updated", None),
    )


def test_nobody_learns_from_a_signup_how_an_organization_is_now(world: CommandWorld) -> None:
    nobody, body = Api(world.url), signup()
    assert nobody.post("/organizations/signup", body, idempotency_key="known").status_code == 201
    told = nobody.post("/organizations/signup?dry_run=true", body, idempotency_key="known", if_match='"0"')
    assert told.status_code == 412
    assert not problem_of(told).keys() & {"current", "events", "link", "streams", "position"}
