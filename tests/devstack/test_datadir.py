"""The data directory's promises, without any server."""

import json
import os
import stat
from collections import namedtuple
from pathlib import Path

import pytest

from devstack import StackError
from devstack.datadir import DataDirectory, admin_account
from devstack.errors import from_os_error


def test_the_account_is_made_once_and_kept_for_its_owner_alone(tmp_path: Path) -> None:
    first = admin_account(tmp_path, {})

    assert admin_account(tmp_path, {}) == first
    assert json.loads((tmp_path / "admin.json").read_text()) == {"email": first[0], "password": first[1]}
    assert stat.S_IMODE((tmp_path / "admin.json").stat().st_mode) == 0o600


def test_a_given_account_is_not_written_down(tmp_path: Path) -> None:
    given = {"MODPLANE_ADMIN_EMAIL": "a@example.org", "MODPLANE_ADMIN_PASSWORD": "given"}

    assert admin_account(tmp_path, given) == ("a@example.org", "given")
    assert not (tmp_path / "admin.json").exists()


def test_a_damaged_account_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "admin.json").write_text("{")

    with pytest.raises(StackError, match=r"admin\.json is damaged"):
        admin_account(tmp_path, {})


def test_a_lock_file_of_a_dead_process_holds_nothing(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("1")
    directory = DataDirectory(tmp_path)

    assert directory.holder() is None
    assert directory.claim()
    assert DataDirectory(tmp_path).holder() == os.getpid()
    directory.release()
    assert DataDirectory(tmp_path).holder() is None


def test_a_damaged_record_reads_as_none(tmp_path: Path) -> None:
    (tmp_path / "stack.json").write_text('{"redis": ')

    assert DataDirectory(tmp_path).record() == {}


def test_too_little_room_is_said_before_anything_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")  # noqa: PYI024 - the shape of shutil's own
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage(10, 9, 1))

    with pytest.raises(StackError, match="less than 512 MB"):
        DataDirectory(tmp_path).claim()


def test_a_full_disk_is_called_one() -> None:
    with pytest.raises(OSError, match="No space") as caught:
        Path("/dev/full").write_text("x")

    assert str(from_os_error(caught.value)).startswith("The disk is full")
