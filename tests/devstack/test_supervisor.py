"""`run_up` as people use it: started, stopped, killed, and nothing is left."""

import asyncio
import json
import os
import signal
import socket
import stat
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncpg
import psutil

from devstack import run_down

NewUp = Callable[..., Any]
ProcessesOf = Callable[[Path], list[str]]
WaitFor = Callable[[Callable[[], object], float, str], None]


def _told(data_dir: Path) -> dict[str, str]:
    content: dict[str, str] = json.loads((data_dir / "told.json").read_text())
    return content


def _pid_of(name: str, data_dir: Path) -> int:
    """The eldest process of that name whose working directory lies in the data directory."""
    found = []
    for process in psutil.process_iter():
        # Others come and go meanwhile.
        with suppress(psutil.Error):
            if process.name() == name and data_dir in Path(process.cwd()).parents:
                found.append(process.pid)
    return min(found)


async def _remember(data_dir: Path) -> int:
    connection = await asyncpg.connect(_told(data_dir)["MODPLANE_POSTGRES_URL"])
    try:
        await connection.execute("CREATE TABLE IF NOT EXISTS visits (at timestamptz DEFAULT now())")
        await connection.execute("INSERT INTO visits DEFAULT VALUES")
        return int(await connection.fetchval("SELECT count(*) FROM visits"))
    finally:
        await connection.close()


async def test_everything_killed_at_once_comes_up_again_with_its_data(
    folder: Path, new_up: NewUp, processes_of: ProcessesOf
) -> None:
    up, data = new_up(kafka=True).wait_ready(), folder / "data"
    assert await _remember(data) == 1
    for line in processes_of(data):
        with_id = int(line.split()[0])
        if psutil.pid_exists(with_id):
            os.kill(with_id, signal.SIGKILL)
    assert up.process.wait(5) == -signal.SIGKILL

    again = new_up(kafka=True).wait_ready()
    assert await _remember(data) == 2
    assert again.end() == 0
    assert processes_of(data) == []


def test_a_stop_leaves_no_process_even_when_parts_are_frozen(
    folder: Path, new_up: NewUp, processes_of: ProcessesOf
) -> None:
    up, data = new_up(kafka=True).wait_ready(), folder / "data"
    guards = [process.ppid() for process in map(psutil.Process, [_pid_of("java", data), _pid_of("postgres", data)])]
    frozen = [_pid_of("java", data), _pid_of("postgres", data), *guards]
    for pid in frozen:
        os.kill(pid, signal.SIGSTOP)

    assert up.end(signal.SIGINT) == 0
    assert processes_of(data) == []


def test_a_killed_supervisor_takes_everything_with_it(
    folder: Path, new_up: NewUp, processes_of: ProcessesOf, wait_for: WaitFor
) -> None:
    up, data = new_up().wait_ready(), folder / "data"
    assert processes_of(data)
    up.process.kill()

    wait_for(lambda: not processes_of(data), 15, "the end of everything")


def test_a_part_left_behind_is_ended_by_the_next_start(folder: Path, new_up: NewUp, processes_of: ProcessesOf) -> None:
    up, data = new_up().wait_ready(), folder / "data"
    stray = psutil.Popen(
        ["sleep", "600"], env={**os.environ, "MODPLANE_DEVSTACK_DATA_DIR": str(data)}, start_new_session=True
    )
    assert up.end() == 0
    assert processes_of(data)

    new_up().wait_ready()
    assert stray.wait(5) == -signal.SIGKILL


def test_the_service_is_told_where_everything_is_and_people_where_to_go(folder: Path, new_up: NewUp) -> None:
    up, data = new_up().wait_ready(), folder / "data"
    account = json.loads((data / "admin.json").read_text())
    told = _told(data)

    assert stat.S_IMODE((data / "admin.json").stat().st_mode) == 0o600
    assert (told["MODPLANE_ADMIN_EMAIL"], told["MODPLANE_ADMIN_PASSWORD"]) == (account["email"], account["password"])
    assert told["MODPLANE_KAFKA_BOOTSTRAP"] == "127.0.0.1:1"
    assert told["MODPLANE_REDIS_URL"].startswith("redis://:")
    for shown in (f"http://127.0.0.1:{up.http_port}", "/schema", str(data / "admin.json")):
        assert shown in up.text
    assert account["password"] not in up.text


def test_a_port_in_use_is_one_clear_line(folder: Path, new_up: NewUp, processes_of: ProcessesOf) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        up = new_up(http_port=port)
        assert up.process.wait(10) == 1

    assert up.text == f"modplane: Port {port} is in use: stop what uses it, or set MODPLANE_HTTP_PORT.\n"
    assert processes_of(folder / "data") == []


def test_a_second_start_names_the_first(new_up: NewUp) -> None:
    first = new_up().wait_ready()
    second = new_up()

    assert second.process.wait(10) == 1
    assert f"is in use by process {first.process.pid}" in second.text
    assert second.text.count("\n") == 1


def test_a_service_that_dies_ends_all_and_says_so(folder: Path, new_up: NewUp, processes_of: ProcessesOf) -> None:
    up = new_up().wait_ready()
    urllib.request.urlopen(f"http://127.0.0.1:{up.http_port}/die", timeout=5).close()

    assert up.process.wait(15) == 1
    assert "The service ended by itself (exit code 3)" in up.text
    assert processes_of(folder / "data") == []


def test_a_failed_preparation_ends_all_and_says_why(folder: Path, new_up: NewUp, processes_of: ProcessesOf) -> None:
    up = new_up(FAIL_TO_PREPARE="1")

    assert up.process.wait(60) == 1
    assert "could not be prepared: no migration for 127.0.0.1:1" in up.text
    assert processes_of(folder / "data") == []


async def test_a_part_that_dies_is_started_again(folder: Path, new_up: NewUp, wait_for: WaitFor) -> None:
    up, data = new_up().wait_ready(), folder / "data"
    assert await _remember(data) == 1
    os.kill(_pid_of("postgres", data), signal.SIGKILL)

    await asyncio.to_thread(wait_for, lambda: "postgres answers again." in up.text, 20, "the restart")
    assert await _remember(data) == 2


def test_down_stops_it_from_another_terminal(folder: Path, new_up: NewUp, processes_of: ProcessesOf) -> None:
    up, data = new_up().wait_ready(), folder / "data"

    assert run_down(data)
    assert up.process.wait(5) == 0
    assert processes_of(data) == []
    assert not run_down(data)
