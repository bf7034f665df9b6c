"""What was acknowledged is what everybody reads, at once and at every replica."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest

from shared.commands.http import OPERATIONS
from tests.support.api_client import Api, sign_in, signup
from tests.support.polling import wait_for

MINUTE = 60
HOUR = 60 * MINUTE


def warm(organization_ids: list[str], *callers: Api) -> None:
    for caller in callers:
        for organization_id in organization_ids:
            caller.modules_of(organization_id)


@pytest.mark.parametrize(
    ("path", "key", "longest"),
    [
        ("/organizations/{organization}/modules", "org:{organization}:modules", 5 * MINUTE),
        ("/organizations/{organization}/info", "org:{organization}:info", 5 * MINUTE),
        ("/industries/{industry}/modules", "industry:{industry}:modules", HOUR),
        ("/industries/{industry}", "industry:{industry}:info", HOUR),
        ("/industries", "industries:all", HOUR),
        ("/module-registry/{module}/config", "module:{module}:config", 10 * MINUTE),
        ("/module-registry/{module}/adoption", "module:{module}:usage", 10 * MINUTE),
        ("/module-registry", "modules:registry:all", 10 * MINUTE),
        ("/usage/modules", "modules:usage", 10 * MINUTE),
        ("/usage/industries", "industries:usage", 10 * MINUTE),
    ],
)
def test_a_read_leaves_its_answer_in_redis_for_a_bounded_time(
    path: str, key: str, longest: int, furnished: dict[str, str], admin: Api, cached: Any
) -> None:
    name = key.format(**furnished)

    def answered_from_redis() -> bool:  # not at once: the relay invalidates once more what was written a moment ago
        answer = admin.get(path.format(**furnished))
        assert answer.status_code == 200, answer.text
        kept = cached.get(name) or ""
        if not kept.endswith(answer.text):
            return False
        cached.set(name, kept.replace("{", '{"from_redis":1,', 1), keepttl=True)
        return "from_redis" in admin.get(path.format(**furnished)).json()

    wait_for(answered_from_redis, f"{name} holds what was read, and is what is answered")
    assert 0 < cached.ttl(name) <= longest


@pytest.fixture(scope="module")
def furnished(admin: Api) -> dict[str, str]:
    """An organization with a module from its industry."""
    module = admin.module()
    industry = admin.industry([module])
    return {"module": module, "industry": industry, "organization": admin.organization(industry)}


def test_a_renamed_module_has_its_new_name_in_every_organizations_list(admin: Api, elsewhere: Api) -> None:
    module = admin.module(module_name="Before")
    industry = admin.industry([module])
    organizations = [admin.organization(industry) for _ in range(25)]
    warm(organizations, admin, elsewhere)
    assert admin.patch(f"/module-registry/{module}", {"module_name": "After"}).status_code == 200
    for caller in (elsewhere, admin):
        names = {caller.modules_of(organization)[module]["module_name"] for organization in organizations}
        assert names == {"After"}
    assert elsewhere.get(f"/module-registry/{module}").json()["module_name"] == "After"
    listed = elsewhere.get("/module-registry").json()["items"]
    assert next(item for item in listed if item["module_id"] == module)["module_name"] == "After"


def test_every_change_of_a_config_is_read_at_once_at_every_replica(admin: Api, elsewhere: Api) -> None:
    module = admin.module()
    organization = admin.organization()
    admin.post(f"/modules/assign/{organization}", {"module_id": module})
    for number in range(30):
        writer, reader = (admin, elsewhere) if number % 2 else (elsewhere, admin)
        assert writer.patch(f"/organizations/{organization}/modules/{module}", {"n": number}).status_code == 200
        assert writer.modules_of(organization)[module]["config"] == {"n": number}
        assert reader.modules_of(organization)[module]["config"] == {"n": number}


def test_a_suspended_organization_shows_at_once_that_nothing_is_effective(
    furnished: dict[str, str], admin: Api, elsewhere: Api
) -> None:
    organization, module = furnished["organization"], furnished["module"]
    warm([organization], admin, elsewhere)
    for verb, effective, because in (("suspend", False, "organization_suspended"), ("reactivate", True, None)):
        assert admin.post(f"/organizations/{organization}/{verb}").status_code == 200
        for caller in (admin, elsewhere):
            item = caller.modules_of(organization)[module]
            assert (item["effective"], item["ineffective_because"]) == (effective, because)


def test_a_deactivated_module_is_ineffective_and_unassignable_at_once(
    furnished: dict[str, str], admin: Api, elsewhere: Api
) -> None:
    module, industry = furnished["module"], furnished["industry"]
    warm([furnished["organization"]], admin, elsewhere)
    elsewhere.get(f"/industries/{industry}/modules")
    for verb, state in (("deactivate", "inactive"), ("activate", "assignable")):
        assert admin.post(f"/module-registry/{module}/{verb}").status_code == 200
        assert elsewhere.modules_of(furnished["organization"])[module]["effective"] == (state == "assignable")
        assert [item["state"] for item in elsewhere.get(f"/industries/{industry}/modules").json()["items"]] == [state]


def test_a_renamed_industry_is_named_anew_in_its_organizations(
    furnished: dict[str, str], admin: Api, elsewhere: Api
) -> None:
    path = f"/organizations/{furnished['organization']}/info"
    elsewhere.get(path)
    name = f"Renamed {uuid4()}"
    assert admin.patch(f"/industries/{furnished['industry']}", {"industry_name": name}).status_code == 200
    assert elsewhere.get(path).json()["industry_name"] == name


def test_an_organization_that_was_asked_for_too_early_is_there_once_it_is_created(admin: Api, elsewhere: Api) -> None:
    body, key = signup(), uuid4().hex
    operation = uuid5(OPERATIONS, f"signup:{body['admin_email']}\x1fPOST\x1f/api/v1/organizations/signup\x1f{key}")
    organization = uuid5(operation, "organization")
    paths = [f"/organizations/{organization}/modules", f"/organizations/{organization}/info"]
    assert [caller.get(path).status_code for caller in (admin, elsewhere) for path in paths] == [404] * 4
    answer = admin.post("/organizations/signup", body, idempotency_key=key)
    assert UUID(answer.json()["organization"]["id"]) == organization
    assert [caller.get(path).status_code for caller in (elsewhere, admin) for path in paths] == [200] * 4


def test_what_was_asked_for_too_early_is_remembered_as_absent_and_found_once_it_is_there(
    admin: Api, elsewhere: Api, cached: Any
) -> None:
    module = f"m_{uuid4().hex[:12]}"
    paths = [f"/module-registry/{module}{rest}" for rest in ("", "/config", "/adoption")]
    assert [caller.get(path).status_code for caller in (admin, elsewhere) for path in paths] == [404] * 6
    assert 0 < cached.ttl(f"module:{module}:config") <= 30
    admin.module(module)
    assert [caller.get(path).status_code for caller in (elsewhere, admin) for path in paths] == [200] * 6


def test_an_industry_that_was_asked_for_too_early_is_there_once_it_is_created(admin: Api, elsewhere: Api) -> None:
    code = f"i_{uuid4().hex[:12]}"
    assert elsewhere.get(f"/industries/{code}").status_code == 404
    admin.industry([], industry_code=code)
    assert elsewhere.get(f"/industries/{code}").status_code == 200


def test_an_unchanged_answer_is_not_sent_again(furnished: dict[str, str], admin: Api, elsewhere: Api) -> None:
    path = f"/organizations/{furnished['organization']}/modules"
    first = admin.get(path)
    etag = first.headers["etag"]
    assert etag.startswith(f'"{first.json()["sequence"]}.')
    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        again = elsewhere.get(path, if_none_match=known)
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    assert elsewhere.get(path, if_none_match='"0.other"').status_code == 200


def test_a_write_changes_the_etag_and_its_sequence(furnished: dict[str, str], admin: Api, elsewhere: Api) -> None:
    path = f"/organizations/{furnished['organization']}/modules"
    before = elsewhere.get(path)
    written = admin.patch(f"{path}/{furnished['module']}", {"changed": uuid4().hex})
    after = elsewhere.get(path, if_none_match=before.headers["etag"])
    assert after.status_code == 200
    assert after.json()["sequence"] == before.json()["sequence"] + 1
    assert written.headers["etag"] == f'"{after.json()["sequence"]}"'
    assert after.headers["etag"].startswith(f'"{after.json()["sequence"]}.')


def test_a_change_elsewhere_changes_the_etag_but_not_the_sequence(
    furnished: dict[str, str], admin: Api, elsewhere: Api
) -> None:
    path = f"/organizations/{furnished['organization']}/modules"
    before = elsewhere.get(path)
    admin.patch(f"/module-registry/{furnished['module']}", {"module_name": f"Named {uuid4()}"})
    after = elsewhere.get(path, if_none_match=before.headers["etag"])
    assert after.status_code == 200
    assert after.json()["sequence"] == before.json()["sequence"]
    assert after.headers["etag"] != before.headers["etag"]


def test_adoption_is_right_once_it_is_counted(admin: Api, elsewhere: Api) -> None:
    module = admin.module()
    path = f"/module-registry/{module}/adoption"

    def counted(number: int) -> Callable[[], bool]:
        return lambda: all(caller.get(path).json()["organizations"] == number for caller in (admin, elsewhere))

    def told_of_all() -> bool:
        answers = [caller.get("/usage/modules").json()["items"] for caller in (admin, elsewhere)]
        return all({"module_id": module, "organizations": 1} in shortened(items) for items in answers)

    assert counted(0)()
    assert not told_of_all()
    admin.post(f"/modules/assign/{admin.organization()}", {"module_id": module})
    wait_for(counted(1), "the assignment is counted and read at both replicas")
    wait_for(told_of_all, "it is counted among all modules at both replicas")


def shortened(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: item[name] for name in ("module_id", "organizations")} for item in items]


def test_who_is_on_which_version_is_right_at_once(admin: Api, elsewhere: Api) -> None:
    code = admin.industry([admin.module()])
    organizations = [admin.organization(code) for _ in range(2)]

    def usage(caller: Api) -> Any:
        (found,) = [each for each in caller.get("/usage/industries").json()["items"] if each["industry_code"] == code]
        return found

    assert [usage(caller) for caller in (admin, elsewhere)] == [
        {"industry_code": code, "version": 1, "on_current": 2, "on_older": 0}
    ] * 2
    assert admin.patch(f"/industries/{code}", {"modules": []}).status_code == 200
    newer = {"industry_code": code, "version": 2, "on_current": 0, "on_older": 2}
    assert [usage(caller) for caller in (elsewhere, admin)] == [newer] * 2
    applied = admin.post(f"/modules/apply-industry/{organizations[0]}", {"industry_code": code})
    assert applied.status_code == 200
    assert [usage(caller) for caller in (elsewhere, admin)] == [newer | {"on_current": 1, "on_older": 1}] * 2


def test_what_one_organization_reads_is_never_given_to_another(admin: Api, replicas: Any) -> None:
    mine, theirs = signup(), signup()
    module = admin.module()
    ids = [admin.post("/organizations/signup", body).json()["organization"]["id"] for body in (mine, theirs)]
    admin.post(f"/modules/assign/{ids[0]}", {"module_id": module})
    warm(ids, admin)
    person = sign_in(replicas[1].url, theirs["admin_email"], theirs["admin_password"])
    assert person.modules_of(ids[1]) == {}
    assert person.get(f"/organizations/{ids[0]}/modules").status_code == 403
