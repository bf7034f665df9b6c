"""`modplane up` and `modplane down`: the parts, the migrations and the service as one thing in the foreground."""

import http.client
import json
import os
import signal
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Protocol

from devstack import process_guard
from devstack.datadir import DataDirectory, admin_account
from devstack.endpoints import Endpoints, Given
from devstack.errors import StackError, StopRequested, from_os_error
from devstack.orphans import end_orphans
from devstack.ports import listening_address, reachable_host
from devstack.processes import MARK, Command, Ending, GuardedProcess, wait_until
from devstack.restarter import Restarter
from devstack.stack import Stack

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_SERVICE_SECONDS = 4.0
_LOOK_SECONDS = 0.1
_DOWN_SECONDS = 18.0
_OK = 200

Prepare = Callable[[Endpoints], None]


class Tell(Protocol):
    """Who is told what happens: a sentence for people, and the facts in it for programs."""

    def __call__(self, text: str, **facts: str) -> None: ...


def print_progress(text: str, **_: str) -> None:
    """Print for the person at the terminal; a terminal that is gone is no reason to fail."""
    with suppress(OSError):
        try:
            print(text, flush=True)
        except UnicodeEncodeError:
            print(text.encode("ascii", "backslashreplace").decode(), flush=True)


def print_progress_as_json(text: str, **facts: str) -> None:
    """Print for a program, one JSON object a line."""
    print_progress(json.dumps({"message": text, **facts}))


@dataclass(frozen=True, slots=True)
class Service:
    """The program the stack is for: its arguments and the environment it starts from."""

    arguments: Sequence[str]
    environment: Mapping[str, str]
    http_port: int
    http_host: str = "127.0.0.1"

    @property
    def host(self) -> str:
        """Where this machine finds it."""
        return reachable_host(self.http_host).removeprefix("[").removesuffix("]")

    @property
    def address(self) -> str:
        """Where people find it."""
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.http_port}"

    def start(self, data_dir: Path, endpoints: Endpoints, admin: tuple[str, str]) -> GuardedProcess:
        """Start it on the terminal, before its infrastructure answers: it waits for it by itself."""
        own = {
            "MODPLANE_HTTP_HOST": self.http_host,
            "MODPLANE_HTTP_PORT": str(self.http_port),
            "MODPLANE_DATA_DIR": str(data_dir),
            "MODPLANE_ADMIN_EMAIL": admin[0],
            "MODPLANE_ADMIN_PASSWORD": admin[1],
            MARK: str(data_dir),
        }
        environment = {**self.environment, **endpoints.environment(), **own}
        ending = Ending(signal.SIGTERM, _SERVICE_SECONDS)
        return GuardedProcess(Command(self.arguments, environment, Path.cwd(), ending))

    def is_ready(self) -> bool:
        """Ask /health/ready, which answers 200 when everything including seeds is done."""
        connection = http.client.HTTPConnection(self.host, self.http_port, timeout=1.0)
        try:
            connection.request("GET", "/health/ready")
            return connection.getresponse().status == _OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def run_up(data_dir: Path, given: Given, service: Service, prepare: Prepare, tell: Tell = print_progress) -> None:
    """Run everything until Ctrl-C, SIGTERM or SIGHUP. Raises `StackError` when it fails; nothing is left afterwards.

    Call from the main thread. `prepare` (the migrations) runs here once the parts answer.
    """
    directory = data_dir.resolve()
    stack = Stack(directory, given, say=tell)
    try:
        with _signals_end_it():
            _supervise(stack, directory, service, prepare, tell)
    except StopRequested:
        tell("Stopped.", state="stopped")
    except OSError as error:
        raise from_os_error(error) from error


def _supervise(stack: Stack, directory: Path, service: Service, prepare: Prepare, tell: Tell) -> None:
    process: GuardedProcess | None = None
    try:
        stack.claim()
        listening_address(service.http_host, service.http_port)
        tell("Starting PostgreSQL, Kafka and Redis.", state="starting")
        endpoints = stack.plan()
        process = service.start(directory, endpoints, admin_account(directory, service.environment))
        stack.start()
        _prepare(prepare, endpoints, directory)
        _watch(stack, service, process, partial(_announce, service, directory, tell), tell)
    except StopRequested:
        tell("Stopping.", state="stopping")
        raise
    finally:
        if process is not None:
            process.stop()
        stack.stop()


def _prepare(prepare: Prepare, endpoints: Endpoints, directory: Path) -> None:
    try:
        prepare(endpoints)
    except StackError:
        raise
    except Exception as error:
        log = directory / "logs" / "prepare.log"
        log.write_text(traceback.format_exc(), encoding="utf-8")
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise StackError(f"The database could not be prepared: {reason} (details in {log}).") from error


def _watch(stack: Stack, service: Service, process: GuardedProcess, announce: Callable[[], None], tell: Tell) -> None:
    """Stay until a signal ends it. Raises StackError when the service ends by itself."""
    restarter = Restarter(stack.servers, tell)
    announced = False
    while process.exit_code is None:
        if not announced and service.is_ready():
            announce()
            announced = True
        restarter.look()
        time.sleep(_LOOK_SECONDS)
    raise StackError(f"The service ended by itself (exit code {process.exit_code}); its last words are above.")


def _announce(service: Service, directory: Path, tell: Tell) -> None:
    given = service.environment.get("MODPLANE_ADMIN_EMAIL") and service.environment.get("MODPLANE_ADMIN_PASSWORD")
    place = "the given MODPLANE_ADMIN_EMAIL and MODPLANE_ADMIN_PASSWORD" if given else str(directory / "admin.json")
    docs, web = f"{service.address}/schema", f"{service.address}/"
    has_web = bool(service.environment.get("MODPLANE_WEB"))
    lines = [
        f"Modplane     {service.address}",
        f"Web UI       {web if has_web else 'not built (make web)'}",
        f"API docs     {docs}",
        f"Super admin  {place}",
        "Ctrl-C stops it; the data stays.",
    ]
    facts = {"url": service.address, **({"web": web} if has_web else {}), "docs": docs, "super_admin": place}
    tell("\n".join(lines), state="ready", **facts)


@contextmanager
def _signals_end_it() -> Iterator[None]:
    """Raise StopRequested at the first signal; the later ones are ignored, since stopping is bounded anyway."""

    def end(_number: int, _frame: FrameType | None) -> None:
        for other in _SIGNALS:
            signal.signal(other, signal.SIG_IGN)
        raise StopRequested

    before = {number: signal.signal(number, end) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run_down(data_dir: Path) -> bool:
    """Stop the `up` of this data directory, and end orphans. Returns whether anything ran; raises `StackError`."""
    directory = DataDirectory(data_dir)
    if not directory.path.exists():
        return False
    holder = directory.holder()
    if holder:
        _end(directory, holder)
    directory.claim()
    ended = end_orphans(directory.path)
    directory.release()
    return bool(holder or ended)


def _end(directory: DataDirectory, holder: int) -> None:
    if holder == os.getpid():
        raise StackError("This process runs the stack itself: stop it by its own means.")
    process_guard.send([holder], signal.SIGTERM)
    process_guard.send([holder], signal.SIGCONT)
    if not wait_until(lambda: directory.holder() is None, _DOWN_SECONDS):
        process_guard.send([holder], signal.SIGKILL)
        wait_until(lambda: directory.holder() is None, _DOWN_SECONDS)
