"""The service under load: its parts, its organizations with twelve modules each, and backlogs for it to work off."""

import asyncio
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import asyncpg
import httpx
import msgspec
import psutil
from aiokafka import AIOKafkaProducer

from app.migration.migrate import create_topics, migrate_database
from assignments.commands import AssignModule
from bench import ceilings
from devstack import Endpoints, Stack
from tests.support.api_client import Api, sign_in
from tests.support.command_records import TOPIC, command_envelope
from tests.support.many_organizations import insert_organizations
from tests.support.polling import wait_for
from tests.support.service_process import ServiceProcess, free_port

MODULES = 12
PARTITIONS = 8
UNLIMITED = {"MODPLANE_REQUESTS_PER_ADDRESS": "0", "MODPLANE_REQUESTS_PER_TOKEN": "0"}
FROM, TO = 0.1, 0.9
"""A rate is taken between these shares of the work, where nothing starts or ends."""

PATIENCE_SECONDS = 1800.0


class Subject:
    """A stack that syncs to disk, in a directory of its own, and the service on it while it is wanted."""

    def __init__(self, stack: Stack, directory: Path, organizations: int) -> None:
        self.stack = stack
        self.endpoints: Endpoints = stack.plan()
        self._directory = directory
        asyncio.run(self._prepare(organizations))

    async def _prepare(self, organizations: int) -> None:
        await migrate_database(self.endpoints.postgres_url)
        await create_topics(self.endpoints.kafka_bootstrap, PARTITIONS)
        connection = await asyncpg.connect(self.endpoints.postgres_url)
        await connection.execute(ceilings.TABLES)
        self.name, self.organizations = await insert_organizations(connection, organizations)
        await connection.execute("ANALYZE")
        await connection.close()

    @contextmanager
    def service(self) -> Iterator["Running"]:
        """One process in every role."""
        log = self._directory / "service.log"
        with ServiceProcess(self.endpoints, log, environment=UNLIMITED) as process:
            yield Running(self, process)

    @contextmanager
    def ceilings(self) -> Iterator[str]:
        """Return the address of the ceilings' routes."""
        port, environment = free_port(), {"BENCH_POSTGRES_URL": self.endpoints.postgres_url}
        with subprocess.Popen([sys.executable, "-m", "bench.ceilings", str(port)], env=environment) as process:
            url = f"http://127.0.0.1:{port}"
            wait_for(lambda: answers(f"{url}/constant"), "the ceilings")
            yield url
            process.terminate()

    def fetchval(self, query: str, *args: Any) -> Any:
        """One value of the database."""

        async def look() -> Any:
            connection = await asyncpg.connect(self.endpoints.postgres_url)
            try:
                return await connection.fetchval(query, *args)
            finally:
                await connection.close()

        return asyncio.run(look())

    def holders(self, module: str) -> int:
        """How many organizations have the module."""
        return int(self.fetchval("SELECT count(*) FROM assignments.assignments WHERE module_id = $1", module))

    def wait_for_quiet(self) -> None:
        """Until every event has reached Kafka."""
        wait_for(lambda: not self.fetchval("SELECT count(*) FROM shared.event_relay"), "the relay", PATIENCE_SECONDS)

    def put_backlog(self, module: str) -> None:
        """Publish a command for each organization on the service's topic."""
        asyncio.run(self._produce([AssignModule(id_, module, "bench") for id_ in self.organizations]))

    async def _produce(self, commands: Sequence[AssignModule]) -> None:
        producer = AIOKafkaProducer(bootstrap_servers=self.endpoints.kafka_bootstrap, acks="all", linger_ms=5)
        await producer.start()
        try:
            for command in commands:
                key = command.organization_id.encode()
                await producer.send(TOPIC, msgspec.json.encode(command_envelope(command)), key=key)
            await producer.flush()
        finally:
            await producer.stop()

    def memory(self) -> float:
        """Of the stack's servers, in MB: pages that processes share are counted once."""
        servers = [process for process in psutil.process_iter() if belongs(process, self._directory)]
        return sum(map(used, servers))


class Running:
    """The service while it runs."""

    def __init__(self, subject: Subject, process: ServiceProcess) -> None:
        self.subject = subject
        self.url = process.url
        self.admin: Api = sign_in(process.url)
        self._process = psutil.Process(process.pid)

    def furnish(self) -> Self:
        """Assign twelve modules to every organization by its industry's template."""
        industry = self.admin.industry([self.admin.module() for _ in range(MODULES)])
        self.bulk({"type": "apply_industry", "industry_code": industry})
        self.subject.wait_for_quiet()
        return self

    def bulk(self, command: dict[str, Any]) -> float:
        """One command for all of them, by one request; returns organizations a second."""
        body = {"command": command, "filter": {"q": self.subject.name}}
        begun = self.admin.post("/bulk-operations", body)
        if begun.status_code != httpx.codes.ACCEPTED:
            raise SystemExit(f"The bulk operation was refused: {begun.text}")
        path = f"/bulk-operations/{begun.json()['bulk_operation_id']}"
        return rate_of(lambda: self.admin.get(path).json()["counts"]["applied"], len(self.subject.organizations))

    @contextmanager
    def flooded(self, kind: str, number: int) -> Iterator[None]:
        """While so many connections of a kind keep it waiting, from many addresses."""
        command = [sys.executable, "-m", "bench.flood", str(urlsplit(self.url).port), kind, str(number)]
        with subprocess.Popen([*command, self.admin.token or ""], stdout=subprocess.PIPE) as process:
            try:
                assert process.stdout is not None
                process.stdout.readline()
                wait_for(lambda: kind != "streams" or self._streams() >= number, "all streams to be open")
                yield
            finally:
                process.kill()
        wait_for(lambda: not self._streams(), "the end of the streams")

    def _streams(self) -> float:
        told = httpx.get(f"{self.url}/metrics", timeout=PATIENCE_SECONDS).text
        return float(re.findall(r"^modplane_event_streams (\S+)$", told, re.MULTILINE)[0])

    def memory(self) -> float:
        """Of its processes, in MB."""
        return sum(map(used, [self._process, *self._process.children(recursive=True)]))


def answers(url: str) -> bool:
    """Whether somebody listens there."""
    try:
        return httpx.get(url, timeout=1).is_success
    except httpx.TransportError:
        return False


def rate_of(done: Callable[[], int], total: int) -> float:
    """How many a second come to be done, in the middle of the work."""
    points: list[tuple[float, int]] = []

    def goes_on() -> bool:
        points.append((time.perf_counter(), done()))
        time.sleep(0.2)
        return points[-1][1] >= total

    wait_for(goes_on, "the end of the work", PATIENCE_SECONDS)
    first, last = (next(point for point in points if point[1] >= total * share) for share in (FROM, TO))
    if first is last:
        raise SystemExit("The work was done before it could be watched. Take more organizations.")
    return (last[1] - first[1]) / (last[0] - first[0])


def belongs(process: psutil.Process, directory: Path) -> bool:
    """Whether a server works in the directory."""
    try:
        return process.name() != "python" and directory in Path(process.cwd()).parents
    except psutil.Error:
        return False


def used(process: psutil.Process) -> float:
    """Memory that would be free without the process, its share of what it shares included; in MB."""
    try:
        return float(process.memory_full_info().pss) / 1e6
    except psutil.Error:
        return 0.0
