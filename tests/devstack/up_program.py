"""Runs `run_up` with a service that only answers its health address: the program under test in test_supervisor."""

import os
import sys
from pathlib import Path

from devstack import Endpoints, Given, run_up

HERE = Path(__file__).parent


def prepare(endpoints: Endpoints) -> None:
    if os.environ.get("FAIL_TO_PREPARE"):
        raise ValueError(f"no migration for {endpoints.kafka_bootstrap}")


if __name__ == "__main__":
    given = Given.from_environment(os.environ)
    service = [sys.executable, str(HERE / "service_program.py")]
    sys.exit(run_up(Path(sys.argv[1]), int(sys.argv[2]), given, service, prepare, os.environ))
