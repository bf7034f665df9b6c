"""PostgreSQL, Kafka and Redis in containers of the images that compose.yaml runs."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import docker
import requests
import yaml
from docker.constants import DEFAULT_DOCKER_API_VERSION
from docker.utils import kwargs_from_env, parse_host
from testcontainers.core.container import DockerContainer
from testcontainers.core.docker_client import DockerClient
from testcontainers.core.wait_strategies import ExecWaitStrategy, LogMessageWaitStrategy

from devstack import Given
from tests.support.service_process import free_port

COMPOSE = Path(__file__).resolve().parents[2] / "compose.yaml"
PASSWORD = "test"


def engine_answers() -> bool:
    settings = kwargs_from_env()
    scheme, _, path = parse_host(settings.get("base_url")).partition("://")
    if scheme == "http+unix" and not _listens(path):
        return False
    try:
        client = docker.DockerClient(version=DEFAULT_DOCKER_API_VERSION, timeout=5, **settings)
        try:
            return bool(client.ping())
        finally:
            client.close()
    except (docker.errors.DockerException, requests.exceptions.ConnectionError):
        return False


def _listens(path: str) -> bool:
    """Tell whether somebody listens on a Unix socket. The client leaves its own one open where nobody does."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(path)
        except OSError:
            return False
    return True


@contextmanager
def servers(given: Given) -> Iterator[Given]:
    """Start what is not given; yield all addresses."""
    with ExitStack() as running:
        host = DockerClient().host()
        started = Given(
            postgres_url=given.postgres_url or _postgres(running, host),
            kafka_bootstrap=given.kafka_bootstrap or _kafka(running, host),
            redis_url=given.redis_url or _redis(running, host),
        )
        yield started


def _postgres(running: ExitStack, host: str) -> str:
    user = {"POSTGRES_USER": "modplane", "POSTGRES_DB": "modplane", "POSTGRES_PASSWORD": PASSWORD}
    # By TCP: while the image sets the database up, its server listens on the socket alone.
    ready = ExecWaitStrategy(["pg_isready", "-h", "127.0.0.1", "-U", "modplane"])
    container = DockerContainer(_service("postgres")["image"], env=user, ports=[5432], _wait_strategy=ready)
    running.enter_context(container)
    return f"postgresql://modplane:{PASSWORD}@{host}:{container.get_exposed_port(5432)}/modplane"


def _kafka(running: ExitStack, host: str) -> str:
    """Advertise the port of this machine, which is therefore chosen before the container starts."""
    service, port = _service("kafka"), free_port()
    environment = service["environment"] | {
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://{host}:{port}",
        "KAFKA_LOG_DIRS": "/tmp/kafka",  # noqa: S108 - inside the container
        "KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS": "3000",  # as the embedded one: tests wait for members that die
    }
    environment = {name: str(value) for name, value in environment.items()}
    ready = LogMessageWaitStrategy("Kafka Server started")
    container = DockerContainer(service["image"], env=environment, _wait_strategy=ready)
    running.enter_context(container.with_bind_ports(9092, port))
    return f"{host}:{port}"


def _redis(running: ExitStack, host: str) -> str:
    service, ready = _service("redis"), LogMessageWaitStrategy("Ready to accept connections")
    container = DockerContainer(service["image"], ports=[6379], _wait_strategy=ready)
    running.enter_context(container.with_command(service["command"]))
    return f"redis://{host}:{container.get_exposed_port(6379)}/0"


def _service(name: str) -> dict[str, Any]:
    service: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())["services"][name]
    return service
