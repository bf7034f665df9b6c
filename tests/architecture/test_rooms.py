"""What each room may import and which syntax it may not use, and the sizes and names of files."""

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.architecture.conftest import CONTEXTS, SRC, docstrings, dotted, imported, sources

MAX_FILE_LINES, MAX_FUNCTION_LINES, MAX_PORT_METHODS = 300, 40, 5
MAX_FOLDER_FILES, MAX_FILES = 12, {"app": 10}
VAGUE = {"utils", "util", "helpers", "helper", "common", "base", "manager", "managers", "impl", "misc"}
UNFORESEEABLE = {"now", "utcnow", "today", "uuid1", "uuid4", "uuid7"}
PURE = ("collections.abc", "typing", "datetime", "uuid", "functools", "enum", "re", "unicodedata", "msgspec")
SQL = re.compile(r"\b(SELECT\b.+\bFROM|INSERT INTO|UPDATE\b.+\bSET|DELETE FROM|CREATE TABLE)\b", re.DOTALL)

Findings = Iterator[tuple[int, str]]
Check = Callable[[ast.Module], Findings]


class Rule(NamedTuple):
    """What holds in a room. `imports`: what may be imported beside the own context and contracts; none: anything."""

    imports: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()


def no_waiting(tree: ast.Module) -> Findings:
    waits = (ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith, ast.Await)
    yield from ((node.lineno, "waits") for node in ast.walk(tree) if isinstance(node, waits))


def no_chance(tree: ast.Module) -> Findings:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = dotted(node.func)
            if "clock" not in called and called.split(".")[-1] in UNFORESEEABLE:
                yield node.lineno, f"calls {called}: let it come in as an argument"
    for line, name in imported(tree):
        if name.split(".")[0] in {"time", "random", "secrets", "os", "asyncio"}:
            yield line, f"imports {name}"


def only_structs(tree: ast.Module) -> Findings:
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            if not is_protocol(node) and (not node.bases or set(base_names(node)) - {"Struct", "Event"}):
                yield node.lineno, f"{node.name} is no struct"
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.For | ast.While | ast.If | ast.Try):
            yield node.lineno, "is no struct"


def small_protocols(tree: ast.Module) -> Findings:
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and is_protocol(node):
            functions = [each for each in node.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
            methods = [each for each in functions if "property" not in map(dotted, each.decorator_list)]
            if len(methods) > MAX_PORT_METHODS:
                yield node.lineno, f"{node.name} has {len(methods)} methods"
            yield from ((each.lineno, f"{each.name} has a body") for each in functions if not is_empty(each))


def is_protocol(node: ast.ClassDef) -> bool:
    return "Protocol" in base_names(node)


def base_names(node: ast.ClassDef) -> list[str]:
    written = [part.value if isinstance(part, ast.Subscript) else part for part in node.bases]
    return [dotted(part).split(".")[-1] for part in written]


def is_empty(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return all(isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant) for each in function.body)


def no_logic(tree: ast.Module) -> Findings:
    logic = (ast.If, ast.IfExp, ast.For, ast.While, ast.Match, ast.Try, ast.AugAssign, ast.BoolOp, ast.Compare)
    for node in ast.walk(tree):
        if isinstance(node, logic) or (isinstance(node, ast.BinOp) and not isinstance(node.op, ast.BitOr)):
            yield node.lineno, f"decides or computes ({type(node).__name__})"


def no_sql(tree: ast.Module) -> Findings:
    told = docstrings(tree)
    for node in ast.walk(tree):
        parts = node.values if isinstance(node, ast.JoinedStr) else [node] if isinstance(node, ast.Constant) else []
        text = " ".join(str(part.value) if isinstance(part, ast.Constant) else "?" for part in parts)
        if parts and id(node) not in told and SQL.search(text):
            yield parts[0].lineno, "has SQL"


def importing_none_of(*roots: str) -> Check:
    def check(tree: ast.Module) -> Findings:
        yield from ((line, f"imports {name}") for line, name in imported(tree) if name.split(".")[0] in roots)

    return check


JSON = ("shared.errors", "shared.json", "shared.messages")
TYPED = ("shared.slugs", "shared.text")
DECIDES = Rule((*PURE, "itertools", *JSON, *TYPED), (no_waiting, no_chance))
TELLS_A_STORY = Rule(
    (*PURE, *TYPED, "hashlib", "hmac", "shared.errors", "shared.messages", "shared.ports", "structlog"), (no_chance,)
)
TELLS_A_STORY_OF_PARTS = Rule((*TELLS_A_STORY.imports, "dataclasses"), TELLS_A_STORY.checks)
RECORDS = Rule((*TELLS_A_STORY_OF_PARTS.imports, "shared.eventlog.audit_log"), TELLS_A_STORY.checks)
# It paces itself, which takes an event loop.
KEEPS_WORKING = Rule((*TELLS_A_STORY.imports, "asyncio", "dataclasses"))
BROKERS = ("faststream", "aiokafka", "redis")
# It knows keys, hashes and tokens, and nothing of where they are kept.
ENTRY = Rule((), (no_sql, importing_none_of("litestar", "sqlalchemy", "asyncpg", *BROKERS)))
HTTP = Rule((), (no_sql, importing_none_of("sqlalchemy", "asyncpg", *BROKERS)))
POSTGRES = Rule((), (importing_none_of("litestar", *BROKERS),))
QUERIES = Rule((), (importing_none_of("litestar", "sqlalchemy", *BROKERS),))
ROOMS = {
    "__init__": Rule((), (only_structs,)),
    "events": Rule((*PURE, "shared.messages"), (only_structs, no_waiting, no_chance)),
    "contract": Rule((*PURE, "shared.json.layered_config"), (only_structs, no_waiting, no_chance)),
    "commands": Rule((*PURE, *TYPED), (only_structs, no_waiting, no_chance)),
    "domain": DECIDES,
    "template_application": DECIDES,
    "config_validation": DECIDES,
    "facts": DECIDES,
    "state": DECIDES,
    "errors": DECIDES,
    "module_type": Rule(("enum",), (no_waiting,)),
    "ports": Rule(
        (*PURE, "shared.eventlog.audit_log", "shared.json.layered_config", "shared.messages", "shared.ports"),
        (only_structs, small_protocols, no_chance),
    ),
    "api_tokens": RECORDS,
    "idempotency": TELLS_A_STORY_OF_PARTS,
    "requests": Rule((*TELLS_A_STORY_OF_PARTS.imports, "shared.commands"), TELLS_A_STORY.checks),
    "running": KEEPS_WORKING,
    "sessions": RECORDS,
    "set_industry": TELLS_A_STORY,
    "signup": Rule((*TELLS_A_STORY_OF_PARTS.imports, "contextlib", "shared.commands"), TELLS_A_STORY.checks),
    "users": RECORDS,
    "views": Rule((*PURE, "shared.errors"), (only_structs, no_waiting, no_chance)),
    "wiring": Rule((), (no_logic,)),
    "adapters/__init__": Rule((), (only_structs,)),
    "adapters/http": HTTP,
    "adapters/http_tokens": HTTP,
    "adapters/http_usage": HTTP,
    "adapters/postgres": POSTGRES,
    "adapters/queries": QUERIES,
    "adapters/lists": QUERIES,
    "adapters/usage": POSTGRES,
    "adapters/violations": QUERIES,
    "adapters/cached": Rule((), (no_sql, importing_none_of("litestar", "sqlalchemy", "asyncpg", *BROKERS))),
    "adapters/tokens": ENTRY,
    "adapters/oidc": ENTRY,
    "adapters/oidc_claims": ENTRY,
    "adapters/passwords": ENTRY,
    "adapters/kafka": Rule((), (no_sql, importing_none_of("litestar", "sqlalchemy", "asyncpg", "redis"))),
}
FILES = [file for context in CONTEXTS for file in sources(SRC / context)]


def room_of(file: Path) -> str:
    return "/".join(file.relative_to(SRC).with_suffix("").parts[1:])


def broken(rule: Rule, context: str, source: str) -> list[str]:
    tree = ast.parse(source)
    found = [finding for check in rule.checks for finding in check(tree)]
    allowed = (*rule.imports, context, *(f"{each}.contract" for each in CONTEXTS))
    for line, name in imported(tree) if rule.imports else ():
        if not any(name == root or name.startswith(f"{root}.") for root in allowed):
            found.append((line, f"imports {name}"))
    return [f"{line}: {what}" for line, what in sorted(set(found))]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(SRC).as_posix())
def test_a_room_keeps_its_rule(file: Path) -> None:
    context = file.relative_to(SRC).parts[0]
    assert broken(ROOMS[room_of(file)], context, file.read_text()) == []


def test_every_room_has_a_rule() -> None:
    assert sorted({room_of(file) for file in FILES} - set(ROOMS)) == []


def test_shared_ports_are_small_protocols_too() -> None:
    assert (
        broken(Rule(checks=(only_structs, small_protocols)), "shared", (SRC / "shared" / "ports.py").read_text()) == []
    )


@pytest.mark.parametrize(
    ("room", "source", "told"),
    [
        ("domain", "async def decide(): ...", "1: waits"),
        ("domain", "at = datetime.now(UTC)", "1: calls datetime.now: let it come in as an argument"),
        ("domain", "key = uuid4()", "1: calls uuid4: let it come in as an argument"),
        ("domain", "import random", "1: imports random"),
        ("domain", "from time import monotonic", "1: imports time.monotonic"),
        ("domain", "import structlog", "1: imports structlog"),
        ("domain", "from shared.commands.bus import CommandBus", "1: imports shared.commands.bus.CommandBus"),
        ("domain", "from industries.domain import Industry", "1: imports industries.domain.Industry"),
        ("events", "def happened(): ...", "1: is no struct"),
        ("contract", "def status_of(row): ...", "1: is no struct"),
        ("contract", "class ModuleFact: ...", "1: ModuleFact is no struct"),
        ("contract", "from industries.domain import Industry", "1: imports industries.domain.Industry"),
        ("contract", "from shared.ports import Transaction", "1: imports shared.ports.Transaction"),
        ("commands", "class Assign: ...", "1: Assign is no struct"),
        ("commands", "class Assign(Exception): ...", "1: Assign is no struct"),
        (
            "ports",
            "class Big(Protocol):\n" + "".join(f"  def m{n}(self): ...\n" for n in range(6)),
            "1: Big has 6 methods",
        ),
        ("ports", "class Port(Protocol):\n  def ask(self):\n    return 1", "2: ask has a body"),
        ("ports", "class Port(Protocol):\n  @property\n  def name(self):\n    return 1", "3: name has a body"),
        ("ports", "class Adapter: ...", "1: Adapter is no struct"),
        ("wiring", "size = 2 * 8", "1: decides or computes (BinOp)"),
        ("wiring", "if settings: ...", "1: decides or computes (If)"),
        ("wiring", "for each in all: ...", "1: decides or computes (For)"),
        ("adapters/http", "q = f'SELECT {columns} FROM modules'", "1: has SQL"),
        ("adapters/http", "q = 'SELECT a\\nFROM modules'", "1: has SQL"),
        ("adapters/http", "q = 'DELETE FROM modules'", "1: has SQL"),
        ("adapters/postgres", "from litestar import get", "1: imports litestar.get"),
        ("adapters/queries", "from litestar import get", "1: imports litestar.get"),
        ("adapters/lists", "import faststream", "1: imports faststream"),
        ("adapters/cached", "from sqlalchemy import text", "1: imports sqlalchemy.text"),
        ("views", "def described(row): ...", "1: is no struct"),
        ("adapters/kafka", "import sqlalchemy", "1: imports sqlalchemy"),
        ("adapters/queries", "import sqlalchemy", "1: imports sqlalchemy"),
        ("adapters/oidc", "q = 'DELETE FROM modules'", "1: has SQL"),
        ("adapters/passwords", "import asyncpg", "1: imports asyncpg"),
        ("sessions", "import litestar", "1: imports litestar"),
    ],
)
def test_a_broken_rule_is_found(room: str, source: str, told: str) -> None:
    assert told in broken(ROOMS[room], "registry", source)


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("domain", '"""Decides now."""\nfrom registry.events import A\nfrom shared.errors import Conflict'),
        (
            "ports",
            "class Port(Protocol[T]):\n  async def ask(self) -> int:\n    '''Told.'''\n    ...\nclass F(Struct): ...",
        ),
        ("wiring", "def clock(self) -> Clock | None:\n  return SystemClock()"),
        ("adapters/http", "'''Never SELECT x FROM y.'''"),
        ("adapters/http", "text = 'Select the modules from the list'"),
        ("events", "EVENTS = {each.topic: each for each in (A, B)}"),
    ],
)
def test_what_a_room_is_for_is_not_found(room: str, source: str) -> None:
    assert broken(ROOMS[room], "registry", source) == []


def too_long(source: str) -> list[str]:
    lines = len(source.splitlines())
    found = [f"{lines} lines"] if lines > MAX_FILE_LINES else []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
            size = node.end_lineno - node.lineno + 1
            found += [f"{node.name} has {size} lines"] if size > MAX_FUNCTION_LINES else []
    return found


def test_files_and_functions_are_short() -> None:
    assert {str(file.relative_to(SRC)): long for file in sources() if (long := too_long(file.read_text()))} == {}


def test_a_long_file_and_a_long_function_are_found() -> None:
    assert too_long("\n" * 301) == ["301 lines"]
    assert too_long("def f():\n" + " pass\n" * 40) == ["f has 41 lines"]
    assert too_long("\n" * 260 + "def f():\n" + " pass\n" * 39) == []


def crowded(files: Iterable[Path]) -> dict[str, int]:
    """The folders with more files than one reader keeps in mind."""
    counted = Counter(
        file.parent.relative_to(SRC).as_posix() for file in files if file.stem not in {"__init__", "__main__"}
    )
    return {folder: count for folder, count in counted.items() if count > MAX_FILES.get(folder, MAX_FOLDER_FILES)}


def test_folders_are_small() -> None:
    assert crowded(file for room in ("shared", "app") for file in sources(SRC / room)) == {}


def test_a_crowded_folder_is_found() -> None:
    def folder(name: str, count: int) -> list[Path]:
        return [SRC / name / f"{each}.py" for each in (*range(count), "__init__", "__main__")]

    assert crowded([*folder("app", 11), *folder("app/cli", 12), *folder("shared/http", 13)]) == {
        "app": 11,
        "shared/http": 13,
    }


def hides_imports(source: str) -> bool:
    tree = ast.parse(source)
    return any(
        isinstance(node, ast.Name | ast.Attribute) and "TYPE_CHECKING" in dotted(node) for node in ast.walk(tree)
    )


def test_no_import_is_for_the_type_checker_alone() -> None:
    assert [file for file in sources() if hides_imports(file.read_text())] == []


@pytest.mark.parametrize("source", ["if TYPE_CHECKING: import a", "if typing.TYPE_CHECKING: import a"])
def test_an_import_for_the_type_checker_alone_is_found(source: str) -> None:
    assert hides_imports(source)


def is_vague(name: str) -> bool:
    return bool(VAGUE & set(re.split(r"[_.\-/]", name.lower())))


def test_no_file_has_a_name_that_says_nothing() -> None:
    assert [file for file in sources() if is_vague(file.relative_to(SRC).as_posix())] == []


def test_a_name_that_says_nothing_is_found() -> None:
    assert all(map(is_vague, ["registry/utils.py", "shared/http_helpers.py", "app/base.py", "access/impl/x.py"]))
    assert not any(map(is_vague, ["registry/domain.py", "shared/database.py"]))
