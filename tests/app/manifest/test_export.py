"""What is exported is read again as it was, whatever there is."""

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from msgspec import json
from msgspec.structs import replace

from app.manifest.files import Form, NotExportable, export_manifest, read_manifest, registered_manifest
from app.manifest.model import MAX_BYTES, ManifestEntry, ManifestIndustry, ManifestModule
from app.manifest.plan import plan
from shared.json.documents import too_large
from shared.json.patches import same_json
from shared.text.forms import composed, flaw_of

FORMS: tuple[Form, ...] = ("yaml", "json")
SLUGS = some.text("abcxyz019_", min_size=1, max_size=62).map("s".__add__)
STORABLE = some.characters(exclude_characters="\x00", exclude_categories=["Cs"])
AWKWARD = some.sampled_from(
    json.decode(
        r"""[
        "", " ", "1", "1.0", "007", "1e3", "0x1f", "1_000", "12:30:45", "2026-11-23", "yes", "No", "on", "true", "null",
        "~", "-", "- a", "? a", "a: b", "a #b", "#", "&a", "*a", "!a", "%a", "@a", "`a", "'", "\"", "<<", "=", "[",
        "{", "|",
        ">", "a\nb", "a\n", "\na", " a\nb", "a \nb", "a\n\n\nb\n\n", "\n", "\ta", "a\r\nb", "\u2028", "\u0085",
        "\ufeff",
        "\u007f", "Größe", "日本語", "👩\u200d🚒", "...", "---", "a\n---\nb", "\\", "\\n", "\u001b[31m", "e\u0301\n e"
        ]"""
    )
)
TEXT = AWKWARD | some.text(STORABLE, max_size=30)
VALUES = some.recursive(
    some.none()
    | some.booleans()
    | some.integers(-(2**63), 2**64 - 1)
    | some.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
DOCUMENTS = some.dictionaries(TEXT, VALUES, max_size=4)
NAMES = TEXT.map(composed).filter(lambda text: flaw_of(text) is None)
LINES = TEXT.map(composed).filter(lambda text: flaw_of(text, "lines") is None)
MODULES = some.builds(
    ManifestModule,
    module_id=SLUGS,
    module_name=NAMES,
    description=LINES,
    category=NAMES,
    service_name=NAMES,
    api_endpoint=NAMES,
    version=NAMES,
    metadata=DOCUMENTS,
    default_config=DOCUMENTS,
)
ENTRIES = some.builds(ManifestEntry, module_id=SLUGS, is_required=some.booleans(), default_config=DOCUMENTS)
INDUSTRIES = some.builds(
    ManifestIndustry,
    industry_code=SLUGS,
    industry_name=NAMES,
    description=LINES,
    modules=some.lists(ENTRIES, max_size=4, unique_by=lambda entry: entry.module_id),
)


class Plane:
    """What is registered, as it is given."""

    def __init__(self, modules: list[ManifestModule], industries: list[ManifestIndustry]) -> None:
        self._modules = {module.module_id: module for module in modules}
        self._industries = {industry.industry_code: industry for industry in industries}

    async def modules(self) -> Mapping[str, ManifestModule]:
        return self._modules

    async def industries(self) -> Mapping[str, ManifestIndustry]:
        return self._industries


PLANES = some.builds(
    Plane,
    some.lists(MODULES, max_size=3, unique_by=lambda module: module.module_id),
    some.lists(INDUSTRIES, max_size=2, unique_by=lambda industry: industry.industry_code),
)


@settings(deadline=None, max_examples=30)
@given(plane=PLANES, form=some.sampled_from(FORMS))
async def test_what_is_exported_is_applied_again_without_a_change(plane: Plane, form: Form) -> None:
    manifest = read_manifest(f"again.{form}", export_manifest(await registered_manifest(plane), form).encode())
    planned = plan(manifest, await plane.modules(), await plane.industries(), prune=True)
    assert [step for step in planned.steps if step.commands] == []
    assert planned.left_out == []
    assert len(planned.steps) == len(await plane.modules()) + len(await plane.industries())


OVEN = ManifestModule(
    module_id="oven",
    module_name="Oven",
    description="Bakes.\nAnd broils.",
    category="Kitchen",
    service_name="ovens",
    api_endpoint="/ovens",
    version="1.0",
    metadata={"since": "2026-11-23", "tags": []},
    default_config={"timer": {"on": True, "minutes": 5}},
)
TILL = replace(
    OVEN, module_id="till", module_name="Till", description="", metadata={}, default_config={}, is_active=False
)
BAKERY = ManifestIndustry(
    industry_code="bakery",
    industry_name="Bakery",
    description="Brötchen.",
    modules=[
        ManifestEntry("till", is_required=False),
        ManifestEntry("oven", is_required=True, default_config={"n": 1.0}),
    ],
)


async def test_it_reads_like_a_manifest_written_by_hand() -> None:
    plane = Plane([TILL, OVEN], [BAKERY])
    assert (
        export_manifest(await registered_manifest(plane), "yaml")
        == """\
modules:
- module_id: oven
  module_name: Oven
  description: |-
    Bakes.
    And broils.
  category: Kitchen
  service_name: ovens
  api_endpoint: /ovens
  version: '1.0'
  metadata:
    since: '2026-11-23'
    tags: []
  default_config:
    timer:
      'on': true
      minutes: 5
- module_id: till
  module_name: Till
  category: Kitchen
  service_name: ovens
  api_endpoint: /ovens
  version: '1.0'
  is_active: false
industries:
- industry_code: bakery
  industry_name: Bakery
  description: Brötchen.
  modules:
  - module_id: till
    is_required: false
  - module_id: oven
    is_required: true
    default_config:
      n: 1.0
"""
    )


@pytest.mark.parametrize("form", FORMS)
async def test_the_text_does_not_tell_in_which_order_things_came_to_be(form: Form) -> None:
    other = replace(BAKERY, industry_code="alehouse")
    one, two = Plane([TILL, OVEN], [BAKERY, other]), Plane([OVEN, TILL], [other, BAKERY])
    assert export_manifest(await registered_manifest(one), form) == export_manifest(
        await registered_manifest(two), form
    )


async def test_nothing_registered_is_a_manifest_too() -> None:
    text = export_manifest(await registered_manifest(Plane([], [])), "yaml")
    assert text == "modules: []\nindustries: []\n"


async def test_an_industry_that_names_a_deleted_module_is_taken_back() -> None:
    plane = Plane([TILL], [BAKERY])
    manifest = read_manifest("again.yaml", export_manifest(await registered_manifest(plane), "yaml").encode())
    assert [step.action for step in plan(manifest, await plane.modules(), await plane.industries()).steps] == [
        "keep"
    ] * 2


def deep(levels: int) -> dict[str, object]:
    value: dict[str, object] = {}
    for _ in range(levels):
        value = {"in": value}
    return value


@pytest.mark.parametrize(
    ("config", "why"),
    [(deep(50), "nested more than 40 levels deep"), ({"note": "x" * MAX_BYTES}, "larger than")],
    ids=["deep", "large"],
)
async def test_what_no_manifest_may_hold_is_not_export_manifest(config: dict[str, object], why: str) -> None:
    manifest = await registered_manifest(Plane([replace(OVEN, default_config=config)], []))
    with pytest.raises(NotExportable, match=why):
        export_manifest(manifest, "yaml")


def nested(value: object, levels: int) -> object:
    for _ in range(levels):
        value = [value]
    return value


INTEGERS = some.integers(-(2**63) - 2, -(2**63) + 2) | some.integers(2**64 - 3, 2**64 + 2)
EXTREME = some.builds(nested, VALUES | INTEGERS, some.integers(0, 45))


@settings(deadline=None, max_examples=50)
@given(document=some.dictionaries(TEXT, EXTREME, max_size=2), form=some.sampled_from(FORMS))
async def test_a_document_that_the_registry_takes_is_export_manifest(document: dict[str, object], form: Form) -> None:
    registered = Plane([replace(OVEN, metadata=document, default_config=document)], [])
    if too_large(document):
        return
    manifest = read_manifest(f"again.{form}", export_manifest(await registered_manifest(registered), form).encode())
    assert same_json(manifest.modules[0].metadata, document)
