"""The programs that a checkout is built with, run in it."""

import fcntl
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def run(*words: str) -> str:
    """Run a program in the repository and return its output; fail with all of it when it fails."""
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def make(target: str) -> None:
    """Bring a target up to date, once however many processes of the tests need it at the same time."""
    with (ROOT / "Makefile").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        run("make", target)
