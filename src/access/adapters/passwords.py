"""Passwords by argon2id, in two threads of their own."""

import asyncio
import secrets
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import VerifyMismatchError

from shared.errors import Unavailable

# OWASP's minimum for argon2id. Two threads: 38 MiB at most, and never all cores of a small machine for long.
MEMORY_KIB = 19 * 1024
PASSES = 2
LANES = 1
THREADS = 2
MAX_WAITING = 128

Answer = TypeVar("Answer")


class PasswordsBusy(Unavailable):
    """More passwords are waiting to be checked than can be in a reasonable time."""


class Argon2Passwords:
    """Hashes carry their parameters, so raising them later leaves older hashes verifiable."""

    def __init__(self, *, max_waiting: int = MAX_WAITING) -> None:
        self._hasher = PasswordHasher(PASSES, MEMORY_KIB, LANES, type=Type.ID)
        self._threads = ThreadPoolExecutor(THREADS, "argon2")
        self._max_waiting = max_waiting
        self._waiting = 0
        self._nobodys_hash = self._hasher.hash(secrets.token_bytes(16))

    async def hash(self, password: str) -> str:
        """Raises `PasswordsBusy`."""
        return await self._run(lambda: self._hasher.hash(encoded(password)))

    async def verifies(self, password_hash: str | None, password: str) -> bool:
        """Raises `PasswordsBusy`. Verifies against a hash of nothing anybody knows when there is none."""
        same = await self._run(lambda: self._same(password_hash or self._nobodys_hash, encoded(password)))
        return same and password_hash is not None

    def close(self) -> None:
        """Lets running hashes end and drops the waiting ones."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _same(self, password_hash: str, password: bytes) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except VerifyMismatchError:
            return False

    async def _run(self, work: Callable[[], Answer]) -> Answer:
        if self._waiting >= self._max_waiting:
            raise PasswordsBusy("Too many people are signing in right now. Try again in a few seconds.")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1


def encoded(password: str) -> bytes:
    """One spelling for what different keyboards compose differently (RFC 8265)."""
    return unicodedata.normalize("NFC", password).encode()
