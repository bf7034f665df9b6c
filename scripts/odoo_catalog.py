#!/usr/bin/env python3
"""Turns the Odoo catalogue into a manifest: 632 modules and 42 industries to try the service with.

    python scripts/odoo_catalog.py path/to/odoo_catalog.json > catalog.yaml
    modplane apply -f catalog.yaml --skip-unknown-modules

A module's id is its technical name, its name that name in words. Category and version are the catalogue's; those it
lacks are `Uncategorized` and `1.0`. What it depends on is kept in `metadata.depends`, which nothing interprets.

An industry's modules are what it depends on, in the catalogue's order. They are required, but for two sorts: themes
(`theme_…`), which are looks and not functions, and modules that the catalogue names and does not describe (paid apps),
so that an industry can be applied where these are missing. Without `--skip-unknown-modules` the latter make `apply`
refuse the manifest, naming each.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

CATEGORY, VERSION = "Uncategorized", "1.0"
THEME = "theme_"


def manifest(catalog: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return the catalogue as `modplane apply` takes it."""
    described = {module["technical_name"] for module in catalog["modules"]}
    return {
        "modules": [_module(module) for module in catalog["modules"]],
        "industries": [_industry(industry, described) for industry in catalog["industries"]],
    }


def _module(module: Mapping[str, Any]) -> dict[str, Any]:
    module_id = module["technical_name"]
    name = _words(module_id)
    return {
        "module_id": module_id,
        "module_name": name,
        "description": f"{name}, as the Odoo community edition has it.",
        "category": module["category"] or CATEGORY,
        "service_name": "odoo",
        "api_endpoint": f"/api/v1/{module_id.replace('_', '-')}",
        "version": module["version"] or VERSION,
        "metadata": {
            "depends": module["depends"],
            "application": module["application"],
            "auto_install": module["auto_install"],
        },
    }


def _industry(industry: Mapping[str, Any], described: set[str]) -> dict[str, Any]:
    code = industry["technical_name"]
    name = _words(code)
    return {
        "industry_code": code,
        "industry_name": name,
        "description": f"{name}, an Odoo industry package of the category {industry['category'] or CATEGORY}.",
        "modules": [
            {"module_id": module_id, "is_required": module_id in described and not module_id.startswith(THEME)}
            for module_id in industry["depends"]
        ],
    }


def _words(technical_name: str) -> str:
    return " ".join(word[:1].upper() + word[1:] for word in technical_name.split("_") if word)


def main(arguments: Sequence[str]) -> int:
    """Exit code 2 when the catalogue is not named or cannot be read."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python scripts/odoo_catalog.py odoo_catalog.json > catalog.yaml\n")
        return 2
    try:
        catalog = json.loads(Path(arguments[0]).read_bytes())
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{arguments[0]} cannot be read as JSON: {error}\n")
        return 2
    yaml.safe_dump(manifest(catalog), sys.stdout, sort_keys=False, allow_unicode=True, width=120)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
