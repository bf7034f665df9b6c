from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from msgspec.structs import asdict, replace

from app.manifest.apply import MAX_UNDER_WAY, Report, apply_manifest
from app.manifest.model import (
    Manifest,
    ManifestEntry,
    ManifestIndustry,
    ManifestModule,
    ManifestRefused,
    Mention,
    Place,
)
from app.manifest.plan import plan
from industries.commands import UpdateIndustry
from industries.events import TemplateModule
from registry.commands import ActivateModule, DeactivateModule, DeleteModule, RegisterModule, UpdateModule
from shared.errors import Refused, Unavailable
from shared.messages import Outcome
from tests.app.control_plane import OPERATION, InMemoryControlPlane, outcome

OVEN = ManifestModule(
    module_id="oven",
    module_name="Oven",
    description="Bakes.",
    category="Kitchen",
    service_name="oven-service",
    api_endpoint="/api/v1/oven",
    version="1.0",
    default_config={"degrees": 200},
)
TILL = replace(OVEN, module_id="till", module_name="Till", is_active=False)
BAKERY = ManifestIndustry(
    industry_code="bakery",
    industry_name="Bakery",
    description="Bread.",
    modules=[ManifestEntry("oven", is_required=True), ManifestEntry("till", is_required=False)],
)


def manifest(
    modules: Sequence[ManifestModule] = (OVEN, TILL), industries: Sequence[ManifestIndustry] = (BAKERY,)
) -> Manifest:
    mentions = [
        Mention(industry.industry_code, entry.module_id, Place("m.yaml", 10 + place, f"modules[{place}].module_id"))
        for industry in industries
        for place, entry in enumerate(industry.modules)
    ]
    return Manifest(modules, industries, mentions)


async def applied(plane: InMemoryControlPlane, wanted: Manifest, *, skip: bool = False) -> Report:
    return await apply_manifest(wanted, plane, plane.send, skip_unknown_modules=skip, user_id="system:test")


async def resent(plane: InMemoryControlPlane, wanted: Manifest) -> list[Any]:
    """The commands a further manifest leads to."""
    plane.sent.clear()
    await applied(plane, wanted)
    return [command for _, _, command, _ in plane.sent]


async def planted() -> InMemoryControlPlane:
    plane = InMemoryControlPlane()
    await applied(plane, manifest())
    return plane


async def test_everything_new_is_created_modules_first() -> None:
    plane = InMemoryControlPlane()
    report = await applied(plane, manifest())
    assert list(report.lines()) == [
        "module oven: created",
        "module till: created",
        "industry bakery: created",
        "0 unchanged, 3 changed",
    ]
    assert report.exit_code == 0
    assert [(context, aggregate, user) for context, aggregate, _, user in plane.sent] == [
        ("registry", "oven", "system:test"),
        ("registry", "till", "system:test"),
        ("industries", "bakery", "system:test"),
    ]
    assert await plane.modules() == {"oven": OVEN, "till": TILL}
    assert await plane.industries() == {"bakery": BAKERY}


async def test_applying_again_sends_nothing() -> None:
    plane = await planted()
    plane.sent.clear()
    report = await applied(plane, manifest())
    assert plane.sent == []
    assert report.summary == "3 unchanged, 0 changed"


async def test_an_update_sends_just_the_differing_fields() -> None:
    plane = await planted()
    changed = replace(OVEN, version="1.1", default_config={"degrees": 180})
    assert await resent(plane, manifest([changed, TILL])) == [
        UpdateModule("oven", version="1.1", default_config={"degrees": 180})
    ]
    assert (await plane.modules())["oven"] == changed


@pytest.mark.parametrize(
    ("changed", "command"),
    [
        (replace(OVEN, is_active=False), DeactivateModule("oven")),
        (replace(TILL, is_active=True), ActivateModule("till")),
    ],
)
async def test_a_module_is_switched_as_the_manifest_says(changed: ManifestModule, command: Any) -> None:
    plane = await planted()
    assert await resent(plane, manifest([changed])) == [command]


async def test_a_module_can_change_and_be_switched_at_once() -> None:
    plane = await planted()
    changed = replace(OVEN, is_active=False, category="Heat")
    assert await resent(plane, manifest([changed])) == [UpdateModule("oven", category="Heat"), DeactivateModule("oven")]


async def test_one_and_one_point_zero_and_true_are_different_values() -> None:
    plane = await planted()
    for value in (200.0, True):
        assert await resent(plane, manifest([replace(OVEN, default_config={"degrees": value})]))


async def test_a_deleted_module_comes_back() -> None:
    plane = InMemoryControlPlane()
    await applied(plane, manifest(industries=()))
    await plane.send("registry", "oven", DeleteModule("oven"), "somebody")
    [command] = await resent(plane, manifest(industries=()))
    assert isinstance(command, RegisterModule)
    assert (await plane.modules())["oven"] == OVEN


async def test_a_changed_list_is_sent_whole_and_in_order() -> None:
    plane = await planted()
    turned = replace(BAKERY, modules=list(reversed(BAKERY.modules)))
    [command] = await resent(plane, manifest(industries=[turned]))
    assert isinstance(command, UpdateIndustry)
    assert command == UpdateIndustry("bakery", modules=[TemplateModule(**asdict(entry)) for entry in turned.modules])
    assert (await plane.industries())["bakery"] == turned


async def test_an_industry_is_switched_off_without_its_list() -> None:
    plane = await planted()
    switched = replace(BAKERY, is_active=False)
    assert await resent(plane, manifest(industries=[switched])) == [UpdateIndustry("bakery", is_active=False)]


async def test_what_the_manifest_does_not_name_stays() -> None:
    plane = await planted()
    assert await resent(plane, Manifest([], [])) == []
    assert await plane.modules() == {"oven": OVEN, "till": TILL}


async def test_an_unknown_module_in_an_industry_refuses_the_whole() -> None:
    plane = InMemoryControlPlane()
    with pytest.raises(ManifestRefused) as refused:
        await applied(plane, manifest([], [BAKERY]))
    assert plane.sent == []
    advice = "is neither registered nor in the manifest; add it, or use --skip-unknown-modules"
    assert str(refused.value).splitlines() == [
        f"m.yaml:10: modules[0].module_id: oven {advice}",
        f"m.yaml:11: modules[1].module_id: till {advice}",
    ]


async def test_unknown_modules_can_be_left_out_and_are_named() -> None:
    plane = InMemoryControlPlane()
    report = await applied(plane, manifest([OVEN]), skip=True)
    assert list(report.lines()) == [
        "industry bakery: left out till, not registered (m.yaml:11: modules[1].module_id)",
        "module oven: created",
        "industry bakery: created",
        "0 unchanged, 2 changed, unknown modules left out: 1",
    ]
    assert [entry.module_id for entry in (await plane.industries())["bakery"].modules] == ["oven"]
    again = await applied(plane, manifest([OVEN]), skip=True)
    assert again.summary == "2 unchanged, 0 changed, unknown modules left out: 1"


async def test_a_registered_module_need_not_be_in_the_manifest() -> None:
    plane = InMemoryControlPlane()
    await applied(plane, manifest(industries=()))
    assert (await applied(plane, manifest([], [BAKERY]))).summary == "0 unchanged, 1 changed"


async def test_a_refused_item_says_why_and_the_others_go_on() -> None:
    plane = await planted()
    rival = replace(BAKERY, industry_code="rival", industry_name="BAKERY")
    report = await applied(plane, manifest([replace(OVEN, version="2")], [rival]))
    first, second, summary = report.lines()
    assert first == "module oven: updated"
    assert second.startswith("industry rival: refused (Industry bakery is already named 'BAKERY'")
    assert summary == "0 unchanged, 1 changed, 1 refused"
    assert report.exit_code == 1


async def test_a_refusal_names_the_fields() -> None:
    plane = InMemoryControlPlane()
    modules, nothing = {"oven": OVEN, "till": TILL}, dict[str, ManifestIndustry]()

    class Outdated:
        async def modules(self) -> Mapping[str, ManifestModule]:
            return modules

        async def industries(self) -> Mapping[str, ManifestIndustry]:
            return nothing

    report = await apply_manifest(
        manifest(()), Outdated(), plane.send, skip_unknown_modules=False, user_id="system:test"
    )
    assert report.results[0].why == (
        "Register these modules first, or leave them out. "
        "/modules/0/module_id: oven is not registered; /modules/1/module_id: till is not registered"
    )


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (outcome("pending"), f"operation {OPERATION} is not decided yet; apply again to see what became of it"),
        (outcome("failed"), f"operation {OPERATION} failed; apply again"),
        (Unavailable("The database is away."), "The database is away."),
    ],
)
async def test_what_is_not_decided_counts_as_refused(answer: Outcome | Refused, why: str) -> None:
    async def send(_context: str, _aggregate: str, _command: Any, _user: str) -> Outcome:
        if isinstance(answer, Refused):
            raise answer
        return answer

    report = await apply_manifest(
        manifest(industries=()), InMemoryControlPlane(), send, skip_unknown_modules=False, user_id="system:test"
    )
    assert [(result.status, result.why) for result in report.results] == [("refused", why)] * 2
    assert report.exit_code == 1


async def test_a_refusal_after_a_first_part_says_so() -> None:
    plane = await planted()

    async def send(context: str, aggregate_id: str, command: Any, user_id: str) -> Outcome:
        if isinstance(command, DeactivateModule):
            return outcome("failed")
        return await plane.send(context, aggregate_id, command, user_id)

    report = await apply_manifest(
        manifest([replace(OVEN, is_active=False, version="2")]), plane, send, skip_unknown_modules=False, user_id="u"
    )
    assert report.results[0].why == f"after a part was applied: operation {OPERATION} failed; apply again"


async def test_what_others_did_meanwhile_counts_as_unchanged() -> None:
    plane = await planted()
    wanted = manifest([replace(OVEN, version="2")])
    planned = plan(wanted, await plane.modules(), await plane.industries())
    [command] = planned.modules[0].commands
    await plane.send("registry", "oven", command, "somebody")
    before = {"oven": OVEN, "till": TILL}

    class Outdated:
        async def modules(self) -> Mapping[str, ManifestModule]:
            return before

        async def industries(self) -> Mapping[str, ManifestIndustry]:
            return await plane.industries()

    report = await apply_manifest(wanted, Outdated(), plane.send, skip_unknown_modules=False, user_id="u")
    assert report.summary == "2 unchanged, 0 changed"


async def test_many_commands_are_under_way_at_once_and_not_too_many() -> None:
    plane = InMemoryControlPlane()
    many = [replace(OVEN, module_id=f"oven_{number}") for number in range(3 * MAX_UNDER_WAY)]
    report = await applied(plane, manifest(many, ()))
    assert report.summary == f"0 unchanged, {len(many)} changed"
    assert plane.most_under_way == MAX_UNDER_WAY
