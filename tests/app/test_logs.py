"""Every line of a process's log is one JSON object, whoever writes it."""

import json
import subprocess
import sys
from typing import Any

PROGRAM = """
import logging, warnings
import structlog
from app.logs import configure_logs
configure_logs({level})
log = structlog.get_logger("here")
log.debug("small")
log.info("large", number=1)
with structlog.contextvars.bound_contextvars(operation_id="the-operation"):
    log.info("bound")
    logging.getLogger("a.library").warning("a %s\\nof two lines", "text")
warnings.warn("old")
secret = "hidden"
try:
    raise ValueError("broken")
except ValueError:
    log.exception("failed")
    logging.getLogger("a.library").exception("failed too")
logging.getLogger("aiokafka").error("a hundred times a second")
"""


def lines(level: str) -> list[dict[str, Any]]:
    program = [sys.executable, "-c", PROGRAM.format(level=level)]
    run = subprocess.run(program, capture_output=True, text=True, timeout=60, check=True)
    assert run.stdout == ""
    assert "hidden" not in run.stderr
    return [json.loads(line) for line in run.stderr.splitlines()]


def test_each_line_is_an_object_with_level_and_time_whoever_wrote_it() -> None:
    told = lines("logging.INFO")
    assert [line["event"].splitlines()[0] for line in told[:3]] == ["large", "bound", "a text"]
    assert ["old" in line["event"] for line in told].count(True) == 1
    assert [line["event"] for line in told[-2:]] == ["failed", "failed too"]
    assert all("ValueError: broken" in line["exception"] for line in told[-2:])
    assert all({"event", "level", "timestamp"} <= line.keys() for line in told)


def test_what_is_bound_is_on_every_line_the_libraries_too() -> None:
    told = lines("logging.INFO")
    assert [line["event"].splitlines()[0] for line in told if line.get("operation_id")] == ["bound", "a text"]


def test_small_things_are_told_where_they_are_asked_for() -> None:
    assert lines("logging.DEBUG")[0]["event"] == "small"
