"""Runs `run_up` with a service that only answers its health address: the program under test in test_supervisor."""

import os
import sys
from pathlib import Path

from devstack import Endpoints, Given, Service, StackError, run_up

HERE = Path(__file__).parent


def prepare(endpoints: Endpoints) -> None:
    if os.environ.get("FAIL_TO_PREPARE"):
        raise ValueError(f"no migration for {endpoints.kafka_bootstrap}")


if __name__ == "__main__":
    given = Given.from_environment(os.environ)
    service = Service([sys.executable, str(HERE / "service_program.py")], os.environ, int(sys.argv[2]))
    try:
        run_up(Path(sys.argv[1]), given, service, prepare)
    except StackError as error:
        sys.exit(f"modplane: {error}")
