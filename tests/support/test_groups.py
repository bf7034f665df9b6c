from pathlib import Path

import pytest

from tests.support.groups import ALONE, LONGEST_FIRST, TOGETHER, group_of, longest_first

ROOT = Path(__file__).resolve().parents[2]


def test_a_module_is_a_group_and_a_package_that_shares_its_servers_is_one() -> None:
    assert group_of("tests/shared/http/test_bodies.py::test_a[x::y]") == "tests/shared/http/test_bodies.py"
    assert group_of("tests/contracts/access/test_http.py::test_a") == "tests/contracts"
    assert group_of("tests/web/test_tabs.py::test_a") == "tests/web"
    assert group_of("tests/web/test_units.py::test_a") == "tests/web/test_units.py"


def test_what_is_named_is_there() -> None:
    assert [path for path in (*TOGETHER, *ALONE, *LONGEST_FIRST) if not (ROOT / path).exists()] == []


def test_packages_that_share_what_they_start_stay_together() -> None:
    sharing = [
        file.parent.relative_to(ROOT).as_posix()
        for file in (ROOT / "tests").rglob("conftest.py")
        if 'scope="package"' in file.read_text()
    ]
    assert sorted(sharing) == sorted(TOGETHER)


def test_a_run_begins_with_the_longest_groups_and_keeps_each_together(request: pytest.FixtureRequest) -> None:
    groups = [group_of(item.nodeid) for item in longest_first(request.session.items)]
    assert len(dict.fromkeys(groups)) == sum(one != other for one, other in zip(groups, ["", *groups], strict=False))
