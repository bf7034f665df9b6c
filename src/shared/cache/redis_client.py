"""Import redis-py without OpenTelemetry, which costs a third of a second of every start and three megabytes."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def pretending_absent(name: str) -> Iterator[None]:
    """Make imports in this block find no module of this name, unless it was loaded before."""
    modules: dict[str, Any] = sys.modules
    if name in modules:
        yield
        return
    modules[name] = None
    try:
        yield
    finally:
        del modules[name]


with pretending_absent("opentelemetry"):
    from redis.asyncio import Redis
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff
    from redis.exceptions import RedisError

__all__ = ["NoBackoff", "Redis", "RedisError", "Retry"]
