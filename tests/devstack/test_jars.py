"""Kafka's jars: only what the lock pins is ever used. The repository is a function here."""

import hashlib
from pathlib import Path

import pytest
import requests

from devstack import StackError
from devstack.jars import Jar, ensure_jars, read_lock

GOOD = b"a jar"
JAR = Jar("org.example", "thing", "1.0", hashlib.sha256(GOOD).hexdigest())


class Repository:
    """Serves the given contents in turn, counting how often it was asked."""

    def __init__(self, *contents: bytes | Exception) -> None:
        self._contents = list(contents)

    @property
    def left(self) -> int:
        return len(self._contents)

    def fetch(self, jar: Jar, directory: Path) -> Path:
        content = self._contents.pop(0)
        if isinstance(content, Exception):
            raise content
        directory.mkdir(parents=True)
        path = directory / jar.filename
        path.write_bytes(content)
        return path


def _ensure(directory: Path, repository: Repository) -> list[Path]:
    return ensure_jars(directory, [JAR], lambda _: None, repository.fetch)


def test_a_jar_is_fetched_once(tmp_path: Path) -> None:
    repository = Repository(GOOD)

    assert _ensure(tmp_path, repository) == [tmp_path / "thing-1.0.jar"]
    assert _ensure(tmp_path, repository) == [tmp_path / "thing-1.0.jar"]
    assert repository.left == 0


def test_a_damaged_jar_in_the_cache_is_fetched_again(tmp_path: Path) -> None:
    (tmp_path / JAR.filename).write_bytes(GOOD[:3])

    (path,) = _ensure(tmp_path, Repository(GOOD))
    assert path.read_bytes() == GOOD


def test_a_broken_transfer_is_tried_again(tmp_path: Path) -> None:
    (path,) = _ensure(tmp_path, Repository(requests.exceptions.ChunkedEncodingError("cut off"), GOOD))
    assert path.read_bytes() == GOOD


def test_a_jar_with_another_checksum_is_never_used(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="never came with the pinned checksum"):
        _ensure(tmp_path, Repository(b"evil", b"evil"))
    assert list(tmp_path.iterdir()) == []


def test_no_network_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(StackError) as caught:
        _ensure(tmp_path, Repository(requests.ConnectionError("no route"), requests.ConnectionError("no route")))
    assert "connect to the network" in str(caught.value)
    assert "MODPLANE_KAFKA_BOOTSTRAP" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_lock_pins_every_jar_by_version_and_checksum() -> None:
    jars = read_lock()

    assert ("org.apache.kafka", "kafka_2.13") in {(jar.group, jar.artifact) for jar in jars}
    assert all(len(jar.sha256) == 64 for jar in jars)
    assert len({jar.filename for jar in jars}) == len(jars)
