import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from app.manifest.files import load_manifest
from app.manifest.model import ManifestIndustry, ManifestRefused
from app.manifest.plan import plan
from shared.json.layered_config import ConfigRules
from shared.json.schemas import JsonSchema

ROOT = Path(__file__).parents[3]
SEEDS = load_manifest(ROOT / "seeds")
CATALOG = ROOT.parent / "shared" / "data" / "odoo_catalog.json"
INDUSTRIES = [pytest.param(industry, id=industry.industry_code) for industry in SEEDS.industries]

needs_catalog = pytest.mark.skipif(not CATALOG.exists(), reason="the Odoo catalogue is not part of this repository")


def test_the_modules_are_those_of_the_plan() -> None:
    assert " ".join(module.module_id for module in SEEDS.modules) == (
        "projects hr finance crm inventory products contact career portfolio attendance leave"
    )


def test_the_industries_and_the_order_of_their_modules_are_those_of_the_plan() -> None:
    lists = {
        industry.industry_name: [industry.industry_code, *(entry.module_id for entry in industry.modules)]
        for industry in SEEDS.industries
    }
    assert lists == {
        "Technology": ["tech", "projects", "crm", "hr", "finance", "products"],
        "Manufacturing": ["manufacturing", "projects", "inventory", "finance", "hr", "crm"],
        "Retail": ["retail", "inventory", "crm", "finance", "products", "contact"],
        "Healthcare": ["healthcare", "hr", "finance", "crm", "projects", "contact"],
        "Finance": ["finance", "finance", "crm", "hr", "projects"],
        "Construction": ["construction", "projects", "finance", "hr", "inventory", "crm"],
        "Professional Services": ["professional_services", "projects", "crm", "finance", "hr", "career"],
        "Education": ["education", "hr", "finance", "projects", "crm", "career"],
    }


@pytest.mark.parametrize("industry", INDUSTRIES)
def test_an_industry_has_required_and_optional_modules_and_a_config(industry: ManifestIndustry) -> None:
    assert {entry.is_required for entry in industry.modules} == {True, False}
    assert any(entry.default_config for entry in industry.modules)


def test_everything_seeded_is_active_and_described() -> None:
    assert all(module.is_active and module.description for module in SEEDS.modules)
    assert all(industry.is_active and industry.description for industry in SEEDS.industries)


def test_every_module_says_how_it_looks_and_what_it_permits() -> None:
    for module in SEEDS.modules:
        assert re.fullmatch(r"[a-z][a-z0-9-]+", module.metadata["icon"])
        assert re.fullmatch(r"#[0-9a-f]{6}", module.metadata["color"])
        assert module.metadata["permissions"]
        assert all(permission.startswith(f"{module.module_id}.") for permission in module.metadata["permissions"])


def test_services_and_endpoints_are_not_shared() -> None:
    assert len({module.service_name for module in SEEDS.modules}) == len(SEEDS.modules)
    assert len({module.api_endpoint for module in SEEDS.modules}) == len(SEEDS.modules)


def test_the_seeds_apply_to_an_empty_registry() -> None:
    planned = plan(SEEDS, {}, {})
    assert (len(planned.modules), len(planned.industries)) == (11, 8)
    assert all(step.action == "create" for step in [*planned.modules, *planned.industries])


def test_every_industry_gives_each_of_its_modules_a_valid_config() -> None:
    rules = {
        module.module_id: ConfigRules(module.default_config, JsonSchema(module.config_schema))
        for module in SEEDS.modules
        if module.config_schema is not None
    }
    assert len(rules) == 5
    for industry in SEEDS.industries:
        for entry in industry.modules:
            if entry.module_id in rules:
                assert rules[entry.module_id].errors([entry.default_config]) == [], (industry.industry_code, entry)


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("odoo") / "catalog.yaml"
    with target.open("wb") as out:
        subprocess.run([sys.executable, ROOT / "scripts" / "odoo_catalog.py", CATALOG], stdout=out, check=True)
    return target


@needs_catalog
def test_the_whole_odoo_catalogue_becomes_a_manifest(converted: Path) -> None:
    catalog = json.loads(CATALOG.read_bytes())
    manifest = load_manifest(converted)
    assert [module.module_id for module in manifest.modules] == [each["technical_name"] for each in catalog["modules"]]
    assert [[entry.module_id for entry in industry.modules] for industry in manifest.industries] == [
        each["depends"] for each in catalog["industries"]
    ]
    assert [module.metadata["depends"] for module in manifest.modules] == [
        each["depends"] for each in catalog["modules"]
    ]


@needs_catalog
def test_the_odoo_catalogue_applies_when_unknown_modules_are_left_out(converted: Path) -> None:
    manifest = load_manifest(converted)
    with pytest.raises(ManifestRefused) as refused:
        plan(manifest, {}, {})
    planned = plan(manifest, {}, {}, skip_unknown_modules=True)
    assert len(refused.value.errors) == len(planned.left_out) > 0
    assert (len(planned.modules), len(planned.industries)) == (632, 42)


@needs_catalog
def test_odoo_industries_require_what_the_catalogue_describes_but_themes(converted: Path) -> None:
    manifest = load_manifest(converted)
    described = {module.module_id for module in manifest.modules}
    for entry in [entry for industry in manifest.industries for entry in industry.modules]:
        assert entry.is_required == (entry.module_id in described and not entry.module_id.startswith("theme_"))


def test_the_converter_says_what_is_wrong_with_its_input(tmp_path: Path) -> None:
    script = [sys.executable, str(ROOT / "scripts" / "odoo_catalog.py")]
    told = subprocess.run([*script, str(tmp_path / "none.json")], capture_output=True, text=True, check=False)
    assert (told.returncode, told.stdout) == (2, "")
    assert "cannot be read" in told.stderr
    assert subprocess.run(script, capture_output=True, check=False).returncode == 2
