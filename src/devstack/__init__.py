"""The embedded PostgreSQL, Redis and Kafka: start, wait, stop. Used by `modplane up` and by the tests."""

from devstack.datadir import endpoints_of
from devstack.endpoints import Endpoints, Given
from devstack.errors import StackError
from devstack.part import Part
from devstack.ports import listening_address
from devstack.stack import Stack
from devstack.supervisor import Service, run_down, run_up, say, say_as_json

__all__ = [
    "Endpoints",
    "Given",
    "Part",
    "Service",
    "Stack",
    "StackError",
    "endpoints_of",
    "listening_address",
    "run_down",
    "run_up",
    "say",
    "say_as_json",
]
