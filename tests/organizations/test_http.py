from uuid import uuid4

import httpx
import pytest

from organizations.adapters.lists import OrganizationFilter
from tests.organizations.conftest import World

ORGANIZATIONS = "/api/v1/organizations"
ADMIN = {"caller": "super_admin"}


async def test_a_super_admin_renames_suspends_and_reactivates(client: httpx.AsyncClient, world: World) -> None:
    path = f"{ORGANIZATIONS}/{await world.register('Crumbs', 'bakery')}"
    assert (await client.patch(path, json={"name": "Crusts"}, headers=ADMIN)).json()["name"] == "Crusts"
    assert (await client.post(f"{path}/suspend", headers=ADMIN)).json()["organization_status"] == "suspended"
    assert (await client.patch(path, json={"name": "Crumbs"}, headers=ADMIN)).json()["name"] == "Crumbs"
    suspended = await client.get(path, headers=ADMIN)
    assert suspended.json()["status"] == "suspended"
    assert suspended.json()["template_version"] == 3
    assert (await client.post(f"{path}/reactivate", headers=ADMIN | {"if-match": '"1"'})).status_code == 412
    assert (await client.post(f"{path}/reactivate", headers=ADMIN | {"if-match": suspended.headers["etag"]})).is_success
    assert (await client.get(f"{path}/info", headers=ADMIN)).json()["sequence"] == 5


async def test_people_see_their_own_organization_and_nobody_elses_pins(client: httpx.AsyncClient, world: World) -> None:
    own, other = await world.register("Crumbs"), await world.register("Crusts")
    person = {"caller": f"organization_admin {own}"}
    info = await client.get(f"{ORGANIZATIONS}/{own}/info", headers=person)
    assert info.json().keys().isdisjoint({"owner_id", "template_version"})
    again = await client.get(f"{ORGANIZATIONS}/{own}/info", headers=person | {"if-none-match": info.headers["etag"]})
    assert again.status_code == 304
    for path in (f"/{other}/info", f"/{own}", ""):
        assert (await client.get(ORGANIZATIONS + path, headers=person)).status_code == 403
    assert (await client.post(f"{ORGANIZATIONS}/{own}/suspend", headers=person)).status_code == 403
    assert (await client.get(f"{ORGANIZATIONS}/{own}/info")).status_code == 401


@pytest.mark.parametrize("organization_id", [str(uuid4()), "nobody"], ids=["absent", "malformed"])
async def test_an_unknown_organization_is_not_found(client: httpx.AsyncClient, organization_id: str) -> None:
    path = f"{ORGANIZATIONS}/{organization_id}"
    for answer in (
        await client.get(path, headers=ADMIN),
        await client.get(f"{path}/info", headers=ADMIN),
        await client.patch(path, json={"name": "Crusts"}, headers=ADMIN),
        await client.post(f"{path}/suspend", headers=ADMIN),
    ):
        assert answer.status_code == 404


async def test_the_list_goes_on_where_its_cursor_says(client: httpx.AsyncClient, world: World) -> None:
    for name in ("Apple", "apple pie", "Pear"):
        await world.register(name)
    params = {"limit": "1", "q": "APP", "sort": "-name"}
    page = (await client.get(ORGANIZATIONS, params=params, headers=ADMIN)).json()
    assert [item["name"] for item in page["items"]] == ["apple pie"]
    rest = await client.get(ORGANIZATIONS, params=params | {"cursor": page["next_cursor"]}, headers=ADMIN)
    assert [item["name"] for item in rest.json()["items"]] == ["Apple"]
    assert rest.json()["next_cursor"] is None


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=201",
        "sort=size",
        "status=gone",
        "q=a%00",
        "cursor=!",
        "template_version=2",
        "template_older_than=2",
    ],
)
async def test_a_list_out_of_bounds_is_refused(client: httpx.AsyncClient, query: str) -> None:
    answer = await client.get(f"{ORGANIZATIONS}?{query}", headers=ADMIN)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert answer.json()["errors"]


async def test_no_injected_part_shows_as_a_parameter(world: World) -> None:
    paths = world.app().openapi_schema.to_schema()["paths"]
    shown = {
        parameter["name"]
        for operations in paths.values()
        for operation in operations.values()
        for parameter in operation.get("parameters", [])
        if "name" in parameter  # those of all commands are referred to
    }
    filters = set(OrganizationFilter.__struct_fields__)
    assert shown == {"organization_id", "limit", "cursor", "sort", "with_total"} | filters
