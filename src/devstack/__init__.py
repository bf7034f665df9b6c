"""The embedded PostgreSQL, Redis and Kafka: start, wait, stop. Used by `modplane up` and by the tests."""

from devstack.datadir import endpoints_of
from devstack.endpoints import Endpoints, Given
from devstack.errors import StackError
from devstack.ports import listening_address
from devstack.server import Server
from devstack.stack import Stack
from devstack.supervisor import Service, print_progress, print_progress_as_json, run_down, run_up

__all__ = [
    "Endpoints",
    "Given",
    "Server",
    "Service",
    "Stack",
    "StackError",
    "endpoints_of",
    "listening_address",
    "print_progress",
    "print_progress_as_json",
    "run_down",
    "run_up",
]
