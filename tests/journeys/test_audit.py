"""What was done by whom, when and why, with what was before: as people find it, and as they take it away."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest

from tests.support.api_client import Api, code_of, new_tenant
from tests.support.service_process import ServiceProcess


@pytest.fixture(scope="module")
def story(service: ServiceProcess, admin: Api) -> "Story":
    return Story(service.url, admin)


class Story:
    """What happened to two organizations, a module and an industry, and to an account."""

    def __init__(self, url: str, admin: Api) -> None:
        self.began = datetime.now(UTC)
        self.module, self.other_module = admin.module(), admin.module()
        self.industry = admin.industry([self.module, self.other_module])
        self.acme, self.globex = new_tenant(url, self.industry), new_tenant(url)
        organization = self.acme.id
        assigned = admin.post(
            f"/modules/assign/{organization}", {"module_id": self.module}, modplane_reason="asked for"
        )
        self.operation = assigned.json()["operation_id"]
        self.acme.admin.patch(f"/organizations/{organization}/modules/{self.module}", {"degrees": 200})
        admin.patch(f"/industries/{self.industry}", {"modules": [{"module_id": self.module, "is_required": False}]})
        admin.post(
            f"/modules/unassign/{organization}/{self.other_module}?force=true", modplane_reason=quote("wäre zu viel")
        )
        self.token = admin.post("/tokens", {"name": "ci", "role": "service"}, modplane_reason="for the build").json()[
            "id"
        ]
        self.ended = datetime.now(UTC)


def found(api: Api, query: str) -> list[dict[str, Any]]:
    """All events of a filter, by pages of three."""
    events: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = api.get(f"/events?limit=3&{query}{cursor}")
        assert page.status_code == 200, page.text
        assert page.headers["cache-control"] == "private, no-cache"
        events += page.json()["items"]
        if page.json()["next_cursor"] is None:
            return events
        cursor = f"&cursor={page.json()['next_cursor']}"


def kinds(events: list[dict[str, Any]]) -> list[str]:
    return [event["type"].removeprefix("tenant.") for event in events]


def test_what_happened_to_an_organization_the_newest_first(admin: Api, story: Story) -> None:
    events = found(admin, f"organization_id={story.acme.id}")
    assert kinds(events) == [
        "module.unassigned",
        "module.config_updated",
        "module.assigned",
        "industry.applied",
        "module.bulk_assigned",
        "organization.registered",
        "access.user.activated",
    ]
    assert found(admin, f"organization_id={story.acme.id}&sort=position") == events[::-1]
    assert len({event["event_id"] for event in events}) == len(events)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("module_id={other_module}", ["registered", "unassigned", "bulk_assigned", "created"]),
        ("module_id={module}", ["registered", "assigned", "config_updated", "bulk_assigned", "created", "updated"]),
        ("industry_code={industry}", ["registered", "bulk_assigned", "applied", "created", "updated"]),
        ("operation_id={operation}", ["assigned"]),
        (
            "organization_id={acme.id}&type=tenant.module.assigned&type=tenant.module.unassigned",
            ["assigned", "unassigned"],
        ),
        (
            "user_id={acme.operation_id}&organization_id={acme.id}",
            ["registered", "activated", "bulk_assigned", "applied", "config_updated"],
        ),
        ("organization_id={acme.id}&module_id={module}&type=tenant.industry.applied", []),
    ],
)
def test_each_filter_finds_what_it_says(admin: Api, story: Story, query: str, expected: list[str]) -> None:
    events = found(admin, query.format_map(vars(story)))
    assert sorted(event["type"].rpartition(".")[2] for event in events) == sorted(expected)


def test_a_time_has_its_events(admin: Api, story: Story) -> None:
    organization = f"organization_id={story.acme.id}"
    before, after = (quote(moment.isoformat()) for moment in (story.began, story.ended + timedelta(seconds=1)))
    assert len(found(admin, f"{organization}&since={before}&until={after}")) == 7
    assert found(admin, f"{organization}&until={before}") == []
    assert found(admin, f"{organization}&since={after}") == []


def test_an_event_says_who_why_and_what_was_before(admin: Api, story: Story) -> None:
    events = {event["type"]: event for event in found(admin, f"organization_id={story.acme.id}")}
    assigned, configured, unassigned = (
        events[f"tenant.module.{kind}"] for kind in ("assigned", "config_updated", "unassigned")
    )
    assert assigned["reason"] == "asked for"
    (change,) = assigned["payload"]["modules"]
    assert [source["kind"] for source in change["sources_before"]] == ["template"]
    assert [source["kind"] for source in change["sources"]] == ["template", "explicit"]
    assert (configured["payload"]["before"], configured["payload"]["modules"][0]["config"]) == ({}, {"degrees": 200})
    assert unassigned["reason"] == "wäre zu viel"
    (change,) = unassigned["payload"]["modules"]
    assert (change["sources"], len(change["sources_before"])) == ([], 1)
    (updated,) = found(admin, f"industry_code={story.industry}&type=tenant.industry.updated")
    assert [entry["module_id"] for entry in updated["payload"]["modules_before"]] == [story.module, story.other_module]
    assert [entry["module_id"] for entry in updated["payload"]["modules"]] == [story.module]


def test_what_happened_to_accounts_and_tokens_is_there_with_its_reason_for_super_admins(
    admin: Api, story: Story
) -> None:
    (created,) = [
        event
        for event in found(admin, f"type=access.api_token.created&since={quote(story.began.isoformat())}")
        if event["payload"]["token_id"] == story.token
    ]
    assert created["reason"] == "for the build"


def test_people_see_their_own_organizations_events_alone_and_none_of_accounts(story: Story) -> None:
    own = story.acme.admin
    events = found(own, "")
    assert {event["organization_id"] for event in events} == {story.acme.id}
    assert "access.user.activated" not in kinds(events)
    assert len(events) == 6
    assert found(own, f"organization_id={story.acme.id}") == events
    assert found(own, f"industry_code={story.industry}&type=tenant.industry.created") == []
    for path in ("/events", "/events/export", "/events/stream"):
        refused = own.get(f"{path}?organization_id={story.globex.id}")
        assert (refused.status_code, code_of(refused)) == (403, "not_your_organization")


def test_a_cursor_is_good_for_its_question_and_for_those_who_may_ask_it(admin: Api, story: Story) -> None:
    cursor = admin.get(f"/events?limit=1&organization_id={story.acme.id}").json()["next_cursor"]
    assert admin.get(f"/events?limit=2&organization_id={story.acme.id}&cursor={cursor}").status_code == 200
    for api, query in (
        (admin, f"limit=1&cursor={cursor}"),
        (admin, f"organization_id={story.globex.id}&cursor={cursor}"),
        (admin, f"organization_id={story.acme.id}&sort=position&cursor={cursor}"),
        (story.acme.admin, f"organization_id={story.acme.id}&cursor={cursor}"),
        (admin, f"organization_id={story.acme.id}&cursor={cursor[:-1]}A"),
    ):
        refused = api.get(f"/events?{query}")
        assert (refused.status_code, code_of(refused)) == (400, "bad_cursor"), query


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=201",
        "sort=occurred_at",
        "organization_id=acme",
        "operation_id=1",
        "module_id=No%20Slug",
        "industry_code=a",
        "since=yesterday",
        "since=2026-11-23T12:00:00",
        "until=0",
        "user_id=%00",
        "user_id=" + "x" * 301,
        "type=" + "&type=".join(["a"] * 31),
        "type=%00",
    ],
)
def test_a_filter_that_cannot_be_is_refused(admin: Api, query: str) -> None:
    for path in ("/events", "/events/export", "/events/stream"):
        if path == "/events" or not query.startswith(("limit", "sort")):
            refused = admin.get(f"{path}?{query}")
            assert refused.status_code == 400, refused.text
            assert code_of(refused)


def lines(api: Api, query: str) -> list[dict[str, Any]]:
    answer = api.get(f"/events/export?{query}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert answer.headers["content-disposition"] == 'attachment; filename="events.ndjson"'
    return [json.loads(line) for line in answer.text.splitlines()]


def test_an_export_is_the_whole_filter_a_line_an_event(admin: Api, story: Story) -> None:
    organization = f"organization_id={story.acme.id}"
    events = found(admin, organization)
    assert lines(admin, organization) == events[::-1]
    assert lines(admin, f"{organization}&sort=-position") == events
    assert lines(story.acme.admin, "") == found(story.acme.admin, "sort=position")
    assert lines(admin, f"organization_id={uuid4()}") == []
