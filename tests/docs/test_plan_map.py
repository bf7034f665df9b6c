"""What the map of the plan names is there, and the plan's names are in the map."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table

from app.migration.migrate import EVENT_SOURCES
from tests.docs.documents import ROOT, resolved, symbols

TEXT = (ROOT / "docs" / "plan-map.md").read_text()
ROWS = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in TEXT.splitlines() if line.startswith("| ")]
TICKED = re.compile(r"`([^`]+)`")
ROUTE = re.compile(r"`(GET|POST|PATCH|DELETE) (/api/v1/[^`]+)`")
FILE = re.compile(r"`((?:tests|seeds|migrations|src|docs|clients)/[\w./-]*)`")
OPERATION = re.compile(
    r"`((?:get|sign|update|register|create|delete|assign|unassign|bulk|apply|activate|deactivate)[A-Z]\w+)`"
)
METHOD = re.compile(r"^\| (?:5\.5 )?`(\w+)\(([^)]*)\)`", re.MULTILINE)
FUNCTION = re.compile(r"^export function (\w+)\((.*?)\) \{$", re.MULTILINE | re.DOTALL)
ARGUMENT = re.compile(r"(\w+)\??: ")
EVENT_ROW = re.compile(r"`\w+\.events:(\w+)` \| `(tenant\.[a-z_.]+)`")
KEY_ROW = re.compile(r"\| `([^`]+)` \| (\d+) \|")


@pytest.mark.parametrize(("module", "symbol"), sorted(set(symbols(TEXT))))
def test_a_named_symbol_is_there(module: str, symbol: str) -> None:
    assert resolved(module, symbol) is not None


@pytest.mark.parametrize("path", sorted(set(FILE.findall(TEXT))))
def test_a_named_file_is_there(path: str) -> None:
    assert (ROOT / path).exists()


@pytest.fixture(scope="module")
def operations() -> dict[tuple[str, str], str]:
    """Operation ids by method and path, of the document the service shows."""
    paths: dict[str, dict[str, Any]] = json.loads((ROOT / "schemas" / "openapi.json").read_text())["paths"]
    return {
        (method.upper(), path): operation["operationId"]
        for path, methods in paths.items()
        for method, operation in methods.items()
    }


def test_every_named_route_and_operation_is_in_the_document(operations: dict[tuple[str, str], str]) -> None:
    assert [route for route in ROUTE.findall(TEXT) if route not in operations] == []
    assert set(OPERATION.findall(TEXT)) <= set(operations.values())


def test_the_client_has_every_method_of_the_plan_with_its_arguments() -> None:
    section = TEXT[TEXT.index("### 5.5") : TEXT.index("## Phase 6")]
    methods = {name: arguments.split(", ") if arguments else [] for name, arguments in METHOD.findall(section)}
    code = (ROOT / "clients" / "typescript" / "src" / "methods.ts").read_text()
    defined = {name: ARGUMENT.findall(arguments)[:-1] for name, arguments in FUNCTION.findall(code)}
    assert len(methods) == 15
    assert {name: defined[name] for name in methods} == methods
    assert "signup" in defined


def test_a_route_stands_beside_its_operation(operations: dict[tuple[str, str], str]) -> None:
    beside = re.findall(ROUTE.pattern + r" \| `(\w+)`", TEXT)
    assert len(beside) == len(ROUTE.findall(TEXT))
    assert all(operations[method, path] == operation for method, path, operation in beside)


def test_a_table_has_the_columns_of_the_plan() -> None:
    tables = [row for row in ROWS if ".adapters.postgres:" in row[1] and "`, `" in row[2] and "tests/" not in row[2]]
    assert len(tables) == 4
    for row in tables:
        table = resolved(*symbols(row[1])[0])
        assert isinstance(table, Table)
        assert set(TICKED.findall(row[2])) <= set(table.columns.keys())


def test_every_event_stands_beside_its_topic() -> None:
    published = {event.__name__: topic for events in EVENT_SOURCES.values() for topic, event in events.items()}
    assert dict(EVENT_ROW.findall(TEXT)) == published


def test_every_cache_key_is_listed_with_its_time() -> None:
    assert {key: int(seconds) for key, seconds in KEY_ROW.findall(TEXT)} == dict(cached_keys())


def cached_keys() -> Iterator[tuple[str, int]]:
    """What `cache_result` is called with, wherever a context has a `cached.py`."""
    for file in sorted((ROOT / "src").glob("*/adapters/cached.py")):
        tree = ast.parse(file.read_text())
        constants = {
            target.id: node.value.value
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "cache_result":
                given = {keyword.arg: keyword.value for keyword in node.keywords}
                key, seconds = given["key_pattern"], given["ttl"]
                assert isinstance(seconds, ast.Constant)
                assert isinstance(key, ast.Constant | ast.Name)
                yield str(constants[key.id] if isinstance(key, ast.Name) else key.value), int(str(seconds.value))


def test_every_row_says_how_it_stands() -> None:
    said = [row for row in ROWS if row[0] not in {"plan", "---"}]
    assert [row for row in said if not row[-1].removesuffix(" |").startswith(("done", "open", "otherwise"))] == []


def test_every_name_of_the_plan_is_in_the_map() -> None:
    plan = ROOT.parent / "shared" / "spec" / "requirements.md"
    if not plan.exists():
        pytest.skip(f"the plan is not here: {Path(plan).name}")
    assert sorted({name for name in TICKED.findall(plan.read_text()) if name not in TEXT}) == []
