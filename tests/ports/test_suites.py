"""No fake without a suite: a class of the tests that can stand for a port goes through the port's suite."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.architecture.conftest import SRC, imported, sources

TESTS = Path(__file__).parents[1]

WITHOUT = {
    "app.server.connections.WatchedConnection": "the one there is is the server's own, tried on the real service",
    "shared.ports.WriteSide": "the tables of a made-up context are nobody's",
    "shared.ports.Transaction": "the one there is passes everything on to the driver's",
    "shared.dead_letters.service.Subscribers": "which handlers there are is for the test to say",
    # The class that was found stands for another port, which has the same form.
    "access.ports.Secrets": "those are ids",
    "registry.ports.AssignedModules": "those are organizations, or counts of templates",
}
"""Ports, and why no suite imports them."""

NO_FAKES = {
    "tests.app.manifest.test_apply.Outdated": "what was registered a moment ago, for a race",
    "tests.app.server.test_connections.Connection": "closes at once, and notes why",
    "tests.app.manifest.test_export.Plane": "holds whatever it is given",
    "tests.devstack.conftest.Up": "a process of the embedded stack",
    "tests.journeys.test_dry_run.Everything": "looks at all parts at once; its `now` is no clock",
    "tests.support.query_cost.MeasuredDatabase": "the real one, and what it cost",
    "tests.support.query_cost.MeasuredTransaction": "the real one, and what it cost",
    "tests.organizations.conftest.Overlooking": "the real command store, which may close its eyes",
    "tests.organizations.test_a_million.Million": "answers from arithmetic, for a list too long to fill in",
    "tests.organizations.test_a_million.Others": "answers from arithmetic, for a list too long to fill in",
    "tests.shared.eventlog.test_sse.Gate": "knows every token, and who is out",
    "tests.shared.dead_letters.test_redelivery.Subscriber": "notes what it is told",
    "tests.shared.lists.test_cursors.AnotherKey": "any key but ours",
    "tests.shared.cache.test_generations.Reader": "reads pages through a cache",
    "tests.shared.toy.ToyTables": "keeps nothing",
}
"""Classes that have the form of a port, and why no suite tries them."""


class Method(NamedTuple):
    """What two methods must have in common to be called alike."""

    is_async: bool
    arguments: int


class Class(NamedTuple):
    """A class by its full name, what it inherits from, and its own methods."""

    name: str
    parents: tuple[str, ...]
    methods: Mapping[str, Method]

    def can_stand_for(self, port: "Class") -> bool:
        return port.methods.items() <= self.methods.items()


def method(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Method:
    makes_context = any(isinstance(one, ast.Name) and one.id == "asynccontextmanager" for one in node.decorator_list)
    is_async = isinstance(node, ast.AsyncFunctionDef) and not makes_context
    return Method(is_async, len(node.args.args) + len(node.args.kwonlyargs))


def methods(node: ast.ClassDef) -> dict[str, Method]:
    """Its own, and further names of them. Properties are none."""
    found: dict[str, Method] = {}
    for one in node.body:
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef):
            if not any(
                isinstance(decorator, ast.Name) and decorator.id == "property" for decorator in one.decorator_list
            ):
                found[one.name] = method(one)
        elif isinstance(one, ast.Assign) and isinstance(one.value, ast.Name) and one.value.id in found:
            found |= {target.id: found[one.value.id] for target in one.targets if isinstance(target, ast.Name)}
    return found


def parent(node: ast.expr) -> str:
    return parent(node.value) if isinstance(node, ast.Subscript) else ast.unparse(node)


def classes(root: Path, prefix: str = "") -> Iterator[Class]:
    for source in sources(root):
        module = ".".join([*prefix.split(), *source.relative_to(root).with_suffix("").parts])
        for node in ast.walk(ast.parse(source.read_text())):
            if isinstance(node, ast.ClassDef):
                yield Class(f"{module}.{node.name}", tuple(map(parent, node.bases)), methods(node))


def ports() -> list[Class]:
    """Every protocol that asks for something to be done."""
    return [one for one in classes(SRC) if "Protocol" in one.parents and one.methods]


def fakes() -> list[Class]:
    """Classes of tests, the suites' own left out; those that vary another one are as good as that."""
    found = [one for one in classes(TESTS, "tests") if not one.name.startswith("tests.ports.")]
    names = {one.name.rpartition(".")[2] for one in found}
    return [one for one in found if names.isdisjoint(one.parents)]


@pytest.fixture(scope="module")
def in_suites() -> set[str]:
    """What the suites import; a name by way of its module too."""
    names: set[str] = set()
    for source in sources(Path(__file__).parent):
        tree = ast.parse(source.read_text())
        names |= {name for _, name in imported(tree)}
        names |= {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return names


@pytest.fixture(scope="module")
def stands_for() -> set[tuple[str, str]]:
    """Every port with every class that has its form."""
    asked = ports()
    return {(port.name, fake.name) for fake in fakes() for port in asked if fake.can_stand_for(port)}


def test_every_port_that_has_a_fake_has_a_suite(stands_for: set[tuple[str, str]], in_suites: set[str]) -> None:
    faked = {port for port, _ in stands_for}
    assert faked - in_suites == WITHOUT.keys()


def test_every_fake_goes_through_a_suite(stands_for: set[tuple[str, str]], in_suites: set[str]) -> None:
    made = {fake for _, fake in stands_for}
    assert made - in_suites == NO_FAKES.keys()


def test_a_new_fake_is_noticed() -> None:
    port = next(one for one in ports() if one.name == "access.ports.Passwords")
    tree = ast.parse(
        "class Plain:\n"
        "    async def hash(self, password): ...\n"
        "    async def verifies(self, hashed, password): ...\n"
        "class Other:\n"
        "    def hash(self, password): ...\n"
        "    async def verifies(self, hashed): ...\n"
    )
    plain, other = [Class(one.name, (), methods(one)) for one in tree.body if isinstance(one, ast.ClassDef)]
    assert (plain.can_stand_for(port), other.can_stand_for(port)) == (True, False)
