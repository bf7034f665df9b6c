"""Nothing about modules or industries is written in code: no text in it equals a seeded id."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.manifest.files import load_manifest
from tests.architecture.conftest import ROOT, SRC, WEB, docstrings, imported, sources

SEEDS = load_manifest(ROOT / "seeds")
SEEDED = {
    *(module.module_id for module in SEEDS.modules),
    *(industry.industry_code for industry in SEEDS.industries),
}
EXEMPT = SRC / "registry" / "module_type.py"
COMMENT = "# Enum for type safety only - actual modules come from ModuleRegistry"
MAY_ASK_FOR_DRIFT = {SRC / "app" / "status" / "collect.py"}
TYPESCRIPT = re.compile(r"""(['"`])((?:(?!\1)[^\\\n]|\\.)*)\1""")


def seeded_in_python(source: str) -> list[str]:
    tree = ast.parse(source)
    told = docstrings(tree)
    return [
        f"{node.lineno}: {text}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and id(node) not in told and (text := as_text(node.value)) in SEEDED
    ]


def as_text(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value if isinstance(value, str) else ""


def seeded_in_typescript(source: str) -> list[str]:
    return [
        f"{number}: {match[2]}"
        for number, line in enumerate(source.splitlines(), 1)
        for match in TYPESCRIPT.finditer(line)
        if match[2] in SEEDED
    ]


def web_sources() -> Iterator[Path]:
    for suffix in ("ts", "tsx"):
        yield from sorted(WEB.rglob(f"*.{suffix}"))


def test_no_text_in_python_equals_a_seeded_id() -> None:
    found = {file: seeded_in_python(file.read_text()) for file in sources() if file != EXEMPT}
    assert {str(file.relative_to(ROOT)): texts for file, texts in found.items() if texts} == {}


@pytest.mark.skipif(not WEB.exists(), reason="there is no web/src")
def test_no_text_in_typescript_equals_a_seeded_id() -> None:
    found = {file: seeded_in_typescript(file.read_text()) for file in web_sources()}
    assert {str(file.relative_to(ROOT)): texts for file, texts in found.items() if texts} == {}


@pytest.mark.parametrize(
    "source",
    [
        "x = 'crm'",
        "x = {'tech': 1}",
        "def f(m: Literal['hr']): ...",
        "match x:\n case 'leave': ...",
        "x = b'crm'",
        "x = f'crm'",
        "def f():\n return 'education'",
    ],
)
def test_a_seeded_id_in_python_is_found(source: str) -> None:
    assert seeded_in_python(source)


@pytest.mark.parametrize("source", ['"""crm"""', 'class A:\n "hr"', "crm = finance.hr", "x = 'crm-service'", "# 'crm'"])
def test_what_only_resembles_a_seeded_id_in_python_is_not_found(source: str) -> None:
    assert seeded_in_python(source) == []


@pytest.mark.parametrize(
    "source", ["const a = 'crm'", 'if (id === "tech") {}', "`hr`", '<Icon name="contact" />', "['x', 'hr', \"it's\"]"]
)
def test_a_seeded_id_in_typescript_is_found(source: str) -> None:
    assert seeded_in_typescript(source)


@pytest.mark.parametrize("source", ["crm.finance()", "'crm-service'", '"it\'s hr"', "`${a}hr`", "'a' + hr + 'b'"])
def test_what_only_resembles_a_seeded_id_in_typescript_is_not_found(source: str) -> None:
    assert seeded_in_typescript(source) == []


def test_the_enum_is_there_for_type_safety_only_and_says_so() -> None:
    lines = EXEMPT.read_text().splitlines()
    assert lines[lines.index(COMMENT) + 1].startswith("class ModuleType(")


def test_the_enum_starts_as_the_seeded_modules() -> None:
    assert seeded_in_python(EXEMPT.read_text())
    texts = {text.split(": ")[1] for text in seeded_in_python(EXEMPT.read_text())}
    assert texts == {module.module_id for module in SEEDS.modules}


def uses_the_enum(source: str) -> bool:
    return any("module_type" in name or "ModuleType" in name for _, name in imported(ast.parse(source)))


def test_nothing_uses_the_enum_but_the_report_of_its_drift() -> None:
    users = {file for file in sources() if uses_the_enum(file.read_text())}
    assert users - MAY_ASK_FOR_DRIFT == set()


@pytest.mark.parametrize(
    "source",
    ["import registry.module_type", "from registry import module_type", "from registry.module_type import ModuleType"],
)
def test_a_use_of_the_enum_is_found(source: str) -> None:
    assert uses_the_enum(source)
