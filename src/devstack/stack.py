"""The servers together: planned once, started in parallel, stopped in bounded time."""

import base64
import secrets
import uuid
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

from devstack.datadir import DataDirectory
from devstack.endpoints import Endpoints, Given
from devstack.errors import StackError, from_os_error
from devstack.jars import Say
from devstack.kafka import KafkaIdentity, KafkaSpec
from devstack.orphans import end_orphans
from devstack.ports import choose_port, is_free
from devstack.postgres import DATABASE, USER, PostgresSpec
from devstack.redis import RedisSpec
from devstack.server import Server

_JOIN_SECONDS = 10.0
_STEP_SECONDS = 0.05


def _silent(_: str) -> None:
    return


class Stack:
    """PostgreSQL, Kafka and Redis of one data directory, less those that are given.

    `quick` is for tests: PostgreSQL does not wait for the disk, so a power failure may cost its data, and Kafka's
    classes come from a cache, which is not verified as the jars are.
    """

    def __init__(self, data_dir: Path, given: Given = Given(), *, quick: bool = False, say: Say = _silent) -> None:  # noqa: B008 - frozen
        self._directory = DataDirectory(data_dir)
        self._given = given
        self._quick = quick
        self._say = say
        self._endpoints: Endpoints | None = None
        self._servers: dict[str, Server] = {}

    def server(self, name: str) -> Server:
        """Return an embedded server: postgres, kafka or redis. KeyError when it is given or not planned yet."""
        return self._servers[name]

    @property
    def servers(self) -> list[Server]:
        """The embedded servers."""
        return list(self._servers.values())

    def claim(self) -> None:
        """Lock the data directory and end what an earlier run left behind. Raises StackError. Idempotent."""
        try:
            if self._directory.claim():
                end_orphans(self._directory.path)
        except OSError as error:
            raise from_os_error(error) from error

    def plan(self) -> Endpoints:
        """Fix ports and passwords, before anything runs; those of the last start are kept where still free."""
        if self._endpoints is None:
            self.claim()
            record = _completed(self._directory.record())
            self._endpoints = _addresses(record, self._given)
            self._servers = self._specified(record)
            self._directory.remember({**record, "endpoints": self._endpoints_record()})
        return self._endpoints

    def start(self) -> Endpoints:
        """Start all servers at once and return when each answers. Raises StackError; then nothing is left running."""
        try:
            endpoints = self.plan()
            _all_at_once([self._starter(server) for server in self.servers])
        except BaseException as error:
            self.stop()
            if isinstance(error, OSError):
                raise from_os_error(error) from error
            raise
        return endpoints

    def stop(self) -> None:
        """Stop all servers, gracefully where they obey, within 12 s; release the data directory. Idempotent."""
        for server in self.servers:
            server.give_up()
        threads = [Thread(target=server.stop, daemon=True) for server in self.servers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(_JOIN_SECONDS)
        self._directory.release()
        self._endpoints = None

    def _endpoints_record(self) -> dict[str, str]:
        endpoints = self._endpoints
        names = ("postgres_url", "kafka_bootstrap", "redis_url")
        return {name: getattr(endpoints, name) for name in names}

    def _starter(self, server: Server) -> Callable[[], None]:
        def start() -> None:
            server.start()
            self._say(f"{server.name} answers.")

        return start

    def _specified(self, record: dict[str, Any]) -> dict[str, Server]:
        path, logs = self._directory.path, self._directory.logs
        servers = {}
        if not self._given.postgres_url:
            kept = record["postgres"]
            spec = PostgresSpec(
                path / "postgres", logs / "postgres.log", kept["port"], kept["password"], quick=self._quick
            )
            servers["postgres"] = Server(spec)
        if not self._given.kafka_bootstrap:
            identity = KafkaIdentity(**record["kafka"])
            kafka = KafkaSpec(path / "kafka", logs / "kafka.log", identity, self._say, quick=self._quick)
            servers["kafka"] = Server(kafka)
        if not self._given.redis_url:
            kept = record["redis"]
            servers["redis"] = Server(RedisSpec(path / "redis", logs / "redis.log", kept["port"], kept["password"]))
        return servers


def _completed(record: dict[str, Any]) -> dict[str, Any]:
    """Keep what is usable of the last start's record and choose the rest."""
    taken: set[int] = set()
    kept = {name: dict(record.get(name) or {}) for name in ("postgres", "kafka", "redis")}
    ports = (("postgres", "port"), ("kafka", "port"), ("kafka", "controller_port"), ("redis", "port"))
    for name, key in ports:
        port = kept[name].get(key)
        kept[name][key] = port if port and is_free(port) and port not in taken else choose_port(taken)
        taken.add(kept[name][key])
    for name in ("postgres", "redis"):
        kept[name].setdefault("password", secrets.token_urlsafe(24))
    kept["kafka"].setdefault("cluster_id", _cluster_id())
    return kept


def _cluster_id() -> str:
    """Make an id in Kafka's form: a UUID in URL-safe base64, which may not start with a dash."""
    while True:
        text = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        if not text.startswith("-"):
            return text


def _addresses(record: dict[str, Any], given: Given) -> Endpoints:
    postgres, kafka, redis = record["postgres"], record["kafka"], record["redis"]
    return Endpoints(
        postgres_url=given.postgres_url
        or f"postgresql://{USER}:{postgres['password']}@127.0.0.1:{postgres['port']}/{DATABASE}",
        kafka_bootstrap=given.kafka_bootstrap or f"127.0.0.1:{kafka['port']}",
        redis_url=given.redis_url or f"redis://:{redis['password']}@127.0.0.1:{redis['port']}/0",
    )


def _all_at_once(jobs: list[Callable[[], None]]) -> None:
    """Run the jobs in threads of their own; raise the first failure as soon as it is known."""
    failures: list[BaseException] = []

    def run(job: Callable[[], None]) -> None:
        try:
            job()
        except BaseException as error:  # noqa: BLE001 - carried over to the caller's thread
            failures.append(error)

    threads = [Thread(target=run, args=(job,), daemon=True) for job in jobs]
    for thread in threads:
        thread.start()
    while not failures and any(thread.is_alive() for thread in threads):
        for thread in threads:
            thread.join(_STEP_SECONDS)
    if failures:
        raise failures[0]


__all__ = ["Stack", "StackError"]
