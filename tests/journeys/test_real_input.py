"""A real catalogue: 632 modules and 42 industries applied by the command line, and one organization of each."""

import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml

from devstack import Endpoints
from tests.support.api_client import Api

Written = Callable[[], Awaitable[dict[str, int]]]
SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "odoo_catalog.py"
CALLERS = 4

pytestmark = pytest.mark.usefixtures("admin")


@pytest.fixture(scope="module")
def manifest(catalogue: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The catalogue as the documented command writes it."""
    path = tmp_path_factory.mktemp("catalogue") / "catalog.yaml"
    with path.open("wb") as output:
        subprocess.run([sys.executable, SCRIPT, catalogue], stdout=output, check=True, timeout=60)
    return path


def content(manifest: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.load(manifest.read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - a safe one
    return found


def run_apply(endpoints: Endpoints, manifest: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app.cli", "apply", "-f", str(manifest), *flags],
        env=os.environ | endpoints.environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


async def test_it_is_refused_as_a_whole_for_modules_that_are_not_registered(
    endpoints: Endpoints, manifest: Path, written: Written
) -> None:
    before = await written()
    refused = run_apply(endpoints, manifest)
    assert refused.returncode == 2
    assert refused.stdout == ""
    lines = refused.stderr.splitlines()
    listed = content(manifest)
    registered = {module["module_id"] for module in listed["modules"]}
    unknown = [e["module_id"] for i in listed["industries"] for e in i["modules"] if e["module_id"] not in registered]
    assert unknown
    for module_id in unknown:
        assert any(f"{module_id} is neither registered nor in the manifest" in line for line in lines)
    assert await written() == before


def test_it_is_applied_without_them_and_each_organization_has_its_industry_s_modules(
    endpoints: Endpoints, manifest: Path, admin: Api
) -> None:
    listed = content(manifest)
    registered = {module["module_id"] for module in listed["modules"]}
    applied = run_apply(endpoints, manifest, "--skip-unknown-modules")
    assert applied.returncode == 0, applied.stdout[-2000:] + applied.stderr
    assert applied.stdout.splitlines()[-1].startswith("0 unchanged, 674 changed")

    again = run_apply(endpoints, manifest, "--skip-unknown-modules")
    assert again.returncode == 0
    assert again.stdout.splitlines()[-1].startswith("674 unchanged, 0 changed")

    expected = {
        industry["industry_code"]: {
            entry["module_id"]: entry["is_required"]
            for entry in industry["modules"]
            if entry["module_id"] in registered
        }
        for industry in listed["industries"]
    }
    assert len(expected) == 42
    with ThreadPoolExecutor(CALLERS) as callers:
        organizations = list(callers.map(admin.organization, expected))
    for organization, modules in zip(organizations, expected.values(), strict=True):
        items = admin.modules_of(organization)
        assert {module_id: item["is_required"] for module_id, item in items.items()} == modules
        assert all(item["effective"] for item in items.values())
