from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from app.manifest.model import Manifest, ManifestEntry, ManifestIndustry, ManifestModule
from app.manifest.plan import plan, still_in_use
from industries.commands import DeleteIndustry
from registry.commands import DeleteModule

OVEN = ManifestModule(
    module_id="oven",
    module_name="Oven",
    description="Bakes.",
    category="Kitchen",
    service_name="ovens",
    api_endpoint="/ovens",
    version="1.0",
)
MODULES = {name: replace(OVEN, module_id=name) for name in ("oven", "till", "old")}


def industry(code: str, modules: Sequence[str], *, is_active: bool = True) -> ManifestIndustry:
    entries = [ManifestEntry(module_id, is_required=False) for module_id in modules]
    return ManifestIndustry(
        industry_code=code, industry_name=code, description="", modules=entries, is_active=is_active
    )


BAKERY, FORGE = industry("bakery", ["oven", "till"]), industry("forge", ["oven", "old"])
INDUSTRIES = {"bakery": BAKERY, "forge": FORGE}


def test_pruning_deletes_what_the_manifest_does_not_name_industries_first() -> None:
    planned = plan(Manifest([MODULES["oven"]], [BAKERY]), MODULES, INDUSTRIES, prune=True)
    assert [(step.name, step.action, step.commands) for step in planned.deletions] == [
        ("industry forge", "delete", [DeleteIndustry("forge")]),
        ("module till", "delete", [DeleteModule("till")]),
        ("module old", "delete", [DeleteModule("old")]),
    ]
    assert planned.steps[-3:] == planned.deletions


def test_of_a_kind_that_the_manifest_does_not_speak_of_nothing_is_deleted() -> None:
    of_modules = plan(Manifest([MODULES["oven"]], []), MODULES, INDUSTRIES, prune=True)
    assert [step.name for step in of_modules.deletions] == ["module till", "module old"]
    of_industries = plan(Manifest([], [BAKERY]), MODULES, INDUSTRIES, prune=True)
    assert [step.name for step in of_industries.deletions] == ["industry forge"]
    assert plan(Manifest([], []), MODULES, INDUSTRIES, prune=True).deletions == []


def test_without_pruning_nothing_is_deleted() -> None:
    assert plan(Manifest([], []), MODULES, INDUSTRIES).deletions == []


@pytest.mark.parametrize(
    ("wanted", "organizations", "reasons"),
    [
        ([BAKERY], {}, {"till": "active industries name it: bakery", "oven": "active industries name it: bakery"}),
        ([BAKERY], {"till": 3}, {"till": "3 organizations have it; active industries name it: bakery"}),
        ([replace(BAKERY, is_active=False)], {}, {}),
        ([industry("bakery", ["till"])], {}, {"till": "active industries name it: bakery"}),
        ([industry("mill", [])], {"old": 1}, {"old": "1 organizations have it"}),
    ],
)
def test_a_deletion_that_will_be_refused_is_foreseen(
    wanted: Sequence[ManifestIndustry], organizations: dict[str, int], reasons: dict[str, str]
) -> None:
    planned = plan(Manifest([replace(OVEN, module_id="flour")], wanted), MODULES, INDUSTRIES, prune=True)
    foreseen = still_in_use(planned, INDUSTRIES, organizations)
    assert {name: foreseen[name] for name in reasons} == reasons
    assert set(foreseen) - {"oven"} == set(reasons) - {"oven"}
