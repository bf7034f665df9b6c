"""`modplane up` and `modplane down`: the parts, the migrations and the service as one thing in the foreground."""

import http.client
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from devstack import guard
from devstack.datadir import DataDirectory, admin_account
from devstack.endpoints import Endpoints, Given
from devstack.errors import StackError, StopRequested, from_os_error
from devstack.leftovers import end_leftovers
from devstack.ports import is_free
from devstack.processes import MARK, Command, Ending, GuardedProcess, wait_until
from devstack.revival import Revival
from devstack.stack import Stack

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_SERVICE_SECONDS = 4.0
_LOOK_SECONDS = 0.1
_DOWN_SECONDS = 18.0
_OK = 200

Prepare = Callable[[Endpoints], None]


def say(text: str) -> None:
    """Tell the person at the terminal; a terminal that is gone is no reason to fail."""
    with suppress(OSError):
        print(text, flush=True)


@dataclass(frozen=True, slots=True)
class Service:
    """The program the stack is for: its arguments and the environment it starts from."""

    arguments: Sequence[str]
    environment: Mapping[str, str]
    http_port: int

    @property
    def address(self) -> str:
        """Where people find it."""
        return f"http://127.0.0.1:{self.http_port}"

    def start(self, data_dir: Path, endpoints: Endpoints, admin: tuple[str, str]) -> GuardedProcess:
        """Start it on the terminal, before its infrastructure answers: it waits for it by itself."""
        own = {
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
        connection = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=1.0)
        try:
            connection.request("GET", "/health/ready")
            return connection.getresponse().status == _OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def run_up(
    data_dir: Path,
    http_port: int,
    given: Given,
    service: Sequence[str],
    prepare: Prepare,
    environment: Mapping[str, str],
) -> int:
    """Run everything until Ctrl-C, SIGTERM or SIGHUP (exit code 0) or until it fails (1, with one line on stderr).

    Call from the main thread. `prepare` (the migrations) runs here once the parts answer; nothing is left afterwards.
    """
    directory = data_dir.resolve()
    stack = Stack(directory, given, say=say)
    try:
        with _signals_end_it():
            _supervise(stack, directory, Service(service, environment, http_port), prepare)
    except StopRequested:
        say("Stopped.")
        return 0
    except (StackError, OSError) as error:
        line = from_os_error(error) if isinstance(error, OSError) else error
        print(f"modplane: {line}", file=sys.stderr, flush=True)
    return 1


def _supervise(stack: Stack, directory: Path, service: Service, prepare: Prepare) -> None:
    process: GuardedProcess | None = None
    try:
        stack.claim()
        if not is_free(service.http_port):
            raise StackError(f"Port {service.http_port} is in use: stop what uses it, or set MODPLANE_HTTP_PORT.")
        say("Starting PostgreSQL, Kafka and Redis.")
        endpoints = stack.plan()
        process = service.start(directory, endpoints, admin_account(directory, service.environment))
        stack.start()
        _prepare(prepare, endpoints, directory)
        _watch(stack, service, process, directory)
    except StopRequested:
        say("Stopping.")
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


def _watch(stack: Stack, service: Service, process: GuardedProcess, directory: Path) -> None:
    """Stay until a signal ends it. Raises StackError when the service ends by itself."""
    revival = Revival(stack.parts, say)
    announced = False
    while process.exit_code is None:
        if not announced and service.is_ready():
            _announce(service, directory)
            announced = True
        revival.look()
        time.sleep(_LOOK_SECONDS)
    raise StackError(f"The service ended by itself (exit code {process.exit_code}); its last words are above.")


def _announce(service: Service, directory: Path) -> None:
    given = service.environment.get("MODPLANE_ADMIN_EMAIL") and service.environment.get("MODPLANE_ADMIN_PASSWORD")
    place = "the given MODPLANE_ADMIN_EMAIL and MODPLANE_ADMIN_PASSWORD" if given else str(directory / "admin.json")
    say(f"Modplane     {service.address}\nAPI docs     {service.address}/schema\nSuper admin  {place}")
    say("Ctrl-C stops it; the data stays.")


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


def run_down(data_dir: Path) -> int:
    """Stop the `up` of this data directory, if one runs, and end leftovers. Returns 0 when nothing runs any more."""
    directory = DataDirectory(data_dir)
    if not directory.path.exists():
        say("Nothing runs here.")
        return 0
    holder = directory.holder()
    if holder:
        _end(directory, holder)
    try:
        directory.claim()
    except StackError as error:
        print(f"modplane: {error}", file=sys.stderr, flush=True)
        return 1
    ended = end_leftovers(directory.path)
    directory.release()
    say("Stopped." if holder or ended else "Nothing runs here.")
    return 0


def _end(directory: DataDirectory, holder: int) -> None:
    if holder == os.getpid():
        raise StackError("This process runs the stack itself: stop it by its own means.")
    guard.send([holder], signal.SIGTERM)
    guard.send([holder], signal.SIGCONT)
    if not wait_until(lambda: directory.holder() is None, _DOWN_SECONDS):
        guard.send([holder], signal.SIGKILL)
        wait_until(lambda: directory.holder() is None, _DOWN_SECONDS)
