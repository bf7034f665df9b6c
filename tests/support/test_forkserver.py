import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil

from tests.support.polling import wait_for

ROOT = Path(__file__).resolve().parents[2]
BEGINS_ONE = """
import time
from pathlib import Path
from tests.support.forkserver import start_process
print(start_process([{program!r}], {{}}, Path({log!r})).pid, flush=True)
time.sleep(600)
"""


def test_a_process_ends_with_the_tests_even_if_they_are_killed(tmp_path: Path) -> None:
    program, log = tmp_path / "program.py", tmp_path / "log"
    program.write_text("import time; print('begun', flush=True); time.sleep(600)")
    tests = subprocess.Popen(
        [sys.executable, "-c", BEGINS_ONE.format(program=str(program), log=str(log))],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")])},
    )
    assert tests.stdout is not None
    with tests, tests.stdout:
        pid = int(tests.stdout.readline())
        wait_for(lambda: log.exists() and "begun" in log.read_text(), "the program runs")
        tests.send_signal(signal.SIGKILL)
    wait_for(lambda: not psutil.pid_exists(pid), "the program ends")
