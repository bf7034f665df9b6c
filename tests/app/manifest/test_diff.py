import pytest
from hypothesis import given
from hypothesis import strategies as some
from msgspec import UNSET, json
from msgspec.structs import replace

from app.manifest.diff import FieldChange, Moved, change_of, field_changes, longest_increasing, moves
from app.manifest.model import Manifest, ManifestEntry, ManifestIndustry, ManifestModule
from app.manifest.plan import Step, plan

OVEN = ManifestModule(
    module_id="oven",
    module_name="Oven",
    description="Bakes.",
    category="Kitchen",
    service_name="ovens",
    api_endpoint="/ovens",
    version="1.0",
    default_config={"degrees": 200, "timer": {"minutes": 5, "on": True}},
)


def entry(module_id: str, *, is_required: bool = False, **config: object) -> ManifestEntry:
    return ManifestEntry(module_id, is_required, config)


BAKERY = ManifestIndustry(
    industry_code="bakery",
    industry_name="Bakery",
    description="Bread.",
    modules=[entry("oven"), entry("till"), entry("flour"), entry("yeast", kind="fresh")],
)


def step(before: ManifestModule | ManifestIndustry, after: ManifestModule | ManifestIndustry) -> Step:
    if isinstance(before, ManifestModule) and isinstance(after, ManifestModule):
        (only,) = plan(Manifest([after], []), {"oven": before}, {}).modules
    else:
        assert isinstance(before, ManifestIndustry)
        assert isinstance(after, ManifestIndustry)
        (only,) = plan(Manifest([], [after]), {"salt": OVEN}, {"bakery": before}).industries
    return only


def test_an_update_is_told_by_its_fields_down_to_the_part_that_differs() -> None:
    config = {"degrees": 200.0, "timer": {"minutes": 5, "beep": "a\nb"}}
    change = change_of(step(OVEN, replace(OVEN, version="1.1", is_active=False, default_config=config)))
    assert list(change.lines()) == [
        "module oven: update",
        '  version: "1.0" → "1.1"',
        "  default_config/degrees: 200 → 200.0",
        "  default_config/timer/on: true → (none)",
        '  default_config/timer/beep: (none) → "a\\nb"',
        "  is_active: true → false",
    ]


def test_a_list_is_told_by_what_comes_goes_changes_and_moves() -> None:
    modules = [entry("yeast", is_required=True, kind="dry"), entry("oven"), entry("salt"), entry("flour")]
    change = change_of(step(BAKERY, replace(BAKERY, industry_name="Baker", modules=modules)))
    assert list(change.lines()) == [
        "industry bakery: update",
        '  industry_name: "Bakery" → "Baker"',
        "  modules: + salt",
        "  modules: - till",
        "  modules: ~ yeast is_required: false → true",
        '  modules: ~ yeast default_config/kind: "fresh" → "dry"',
        "  modules: ~ yeast moves from place 4 to 1",
    ]


def test_programs_are_told_the_same() -> None:
    change = change_of(step(BAKERY, replace(BAKERY, description="", modules=[entry("till"), entry("oven", n=1)])))
    assert json.decode(json.encode(change)) == {
        "kind": "industry",
        "item_id": "bakery",
        "action": "update",
        "fields": [{"field": "description", "before": "Bread.", "after": ""}],
        "modules": {
            "added": [],
            "removed": ["flour", "yeast"],
            "changed": [{"module_id": "oven", "changes": [{"field": "default_config/n", "after": 1}]}],
            "moved": [{"module_id": "till", "before": 2, "after": 1}],
        },
        "refused": None,
    }


@pytest.mark.parametrize("kind", ["create", "delete"])
def test_what_comes_or_goes_is_one_line(kind: str) -> None:
    before, after = (None, OVEN) if kind == "create" else (OVEN, None)
    change = change_of(Step("module", "oven", before, after, ["a command"]), "in use")
    assert list(change.lines()) == [f"module oven: {kind} (refused: in use)"]
    assert (change.fields, change.modules) == ((), None)


def test_a_long_value_is_cut_for_people_and_whole_for_programs() -> None:
    change = change_of(step(OVEN, replace(OVEN, description="x" * 4000)))
    assert max(map(len, change.lines())) < 200
    assert change.fields == [FieldChange("description", "Bakes.", "x" * 4000)]


def test_lists_in_documents_are_compared_whole() -> None:
    assert list(field_changes("f", {"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]})) == [
        FieldChange("f/a", [1, {"b": 2}], [1, {"b": 3}])
    ]
    assert list(field_changes("f", {"a": {}}, {"a": None})) == [FieldChange("f/a", {}, None)]
    assert list(field_changes("f", {"a": None}, {})) == [FieldChange("f/a", None, UNSET)]


@given(some.permutations(range(7)), some.sets(some.integers(0, 6)), some.sets(some.integers(7, 9)))
def test_moving_what_is_named_and_no_more_makes_the_new_order(order: list[int], gone: set[int], come: set[int]) -> None:
    before = [f"m{number}" for number in range(7)]
    after = [f"m{number}" for number in [*sorted(come), *order] if number not in gone]
    moved = list(moves(before, after))
    names = {one.module_id for one in moved}
    assert [name for name in before if name in after and name not in names] == [
        name for name in after if name in before and name not in names
    ]
    assert all(before[one.before - 1] == one.module_id == after[one.after - 1] for one in moved)


def test_the_fewest_are_moved() -> None:
    assert list(moves(["a", "b", "c", "d"], ["d", "a", "b", "c"])) == [Moved("d", 4, 1)]
    assert list(moves(["a", "b", "c"], ["b", "c"])) == []
    assert longest_increasing([]) == set()
    assert longest_increasing([3, 1, 2]) == {1, 2}
