"""Which tests stay together when several processes share the run, and in which order they are handed out.

Each process has servers of its own and takes the next group when it is through with one. A group is a module; packages
whose modules share what is started once a package are a group as a whole. The longest come first, so that no process
is left with one at the end.
"""

import os
from collections.abc import Iterable
from pathlib import PurePosixPath

import pytest
from xdist.scheduler import LoadScopeScheduling

from tests.support.stack_choice import choose

TOGETHER = ("tests/web", "tests/contracts", "tests/journeys", "tests/programs", "tests/reads")
ALONE = ("tests/web/test_units.py",)
"""A process of Node's, which needs nothing of its package."""

LONGEST_FIRST = (
    "tests/web",
    *ALONE,
    "tests/contracts",
    "tests/faults",
    "tests/journeys",
    "tests/programs",
    "tests/reads",
    "tests/devstack",
    "tests/deploy",
    "tests/live",
    "tests/observability",
    "tests/access/test_service.py",
    "tests/docs",
    "tests/app",
    "tests/architecture",
)
MOST_PROCESSES = 6


class GroupScheduling(LoadScopeScheduling):  # type: ignore[misc]
    """Hand out whole groups."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


def group_of(nodeid: str) -> str:
    module = nodeid.partition("::")[0]
    return module if module in ALONE else next((one for one in TOGETHER if is_under(module, one)), module)


def longest_first(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """Keep the order inside a group."""

    def place(item: pytest.Item) -> tuple[int, str]:
        group = group_of(item.nodeid)
        return next((at for at, one in enumerate(LONGEST_FIRST) if is_under(group, one)), len(LONGEST_FIRST)), group

    return sorted(items, key=place)


def is_under(path: str, folder: str) -> bool:
    return PurePosixPath(path).is_relative_to(folder)


def process_count() -> int:
    """One more than there are cores, since tests also wait; none beside this one where the servers are given."""
    if choose(os.environ).way == "given":
        return 0
    return min(MOST_PROCESSES, (os.cpu_count() or 1) + 1)
