"""Hashes passwords with argon2id in two threads of its own, and bounds the guessing of them.

Failures of strangers never lock out an account: those of one address are bounded, those at one account are not. While
an account fails more often than one person would, addresses that never signed in to it have `SLOWED` attempts in each
window. Without Redis no attempt is refused.
"""

import asyncio
import secrets
import unicodedata
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import VerifyMismatchError

from access.domain import TooManyAttempts
from access.ports import AccessSettings
from shared.cache.generations import CacheDown
from shared.errors import Unavailable
from shared.http.rate_limits import RedisWindows, digest, site_of
from shared.text.emails import normalized_email

# OWASP's minimum for argon2id. Two threads: 38 MiB at most, and never all cores of a small machine for long.
MEMORY_KIB = 19 * 1024
PASSES = 2
LANES = 1
THREADS = 2
MAX_WAITING = 128

WINDOW_SECONDS = 300
KNOWN_SECONDS = 90 * 24 * 3600
# An IPv6 site of 65,536 networks has so many times what one network has.
SITE_SHARE = 3
# So many times what one address may fail, from all together, is guessing.
GUESSED_AT = 3
SLOWED = 2

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
        self._unknown_hash = self._hasher.hash(secrets.token_bytes(16))

    async def hash(self, password: str) -> str:
        return await self._run(lambda: self._hasher.hash(encoded(password)))

    async def verifies(self, password_hash: str | None, password: str) -> bool:
        """Verify against a hash of an unknown text when there is none."""
        same = await self._run(lambda: self._same(password_hash or self._unknown_hash, encoded(password)))
        return same and password_hash is not None

    def close(self) -> None:
        """Let running hashes end, and drop the waiting ones."""
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
    """Normalize what different keyboards compose differently (RFC 8265)."""
    return unicodedata.normalize("NFC", password).encode()


class RedisSignInAttempts:
    """An attempt counts from its start, so that attempts at the same time do not pass together."""

    def __init__(self, windows: RedisWindows, settings: AccessSettings) -> None:
        self._windows = windows
        self._per_account = settings.failures_per_account
        self._per_address = settings.failures_per_address

    async def begin(self, email: str, address: str) -> None:
        """Make two round trips at most. Only a digest of the e-mail is stored."""
        account, limits = account_key(email), self._limits(email, address)
        try:
            counted = await self._windows.add(dict.fromkeys([*limits, account], 1), WINDOW_SECONDS)
            counts = dict(zip([*limits, account], counted, strict=True))
            guessed_at = 0 < self._per_account * GUESSED_AT < counts[account][0]
            if guessed_at and not await self._windows.holds(known_key(email, address)):
                limits = {**limits, **self._at_account(email, address, min(SLOWED, self._per_account))}
        except CacheDown:
            return
        waits = [counts[key][1] for key, limit in limits.items() if 0 < limit < counts[key][0]]
        if waits:
            seconds = max(waits)
            raise TooManyAttempts(
                f"Too many failed attempts to sign in from here. Try again in {seconds} seconds.", retry_after=seconds
            )

    async def succeeded(self, email: str, address: str) -> None:
        """Forget the failures of this address, and uncount this attempt in the wider counters."""
        here = pair_key(email, address)
        wider = [key for key in (*self._limits(email, address), account_key(email)) if key != here]
        try:
            await self._windows.forget([here])
            await self._windows.add(dict.fromkeys(wider, -1), WINDOW_SECONDS)
            await self._windows.hold(known_key(email, address), KNOWN_SECONDS)
        except CacheDown:
            return

    def _limits(self, email: str, address: str) -> dict[str, int]:
        limits = self._at_account(email, address, self._per_account)
        for each, share in networks(address):
            limits[f"signin:address:{each}"] = self._per_address * share
        return limits

    def _at_account(self, email: str, address: str, failures: int) -> dict[str, int]:
        return {pair_key(email, each): failures * share for each, share in networks(address)}


def networks(address: str) -> Sequence[tuple[str, int]]:
    site = site_of(address)
    return [(address, 1)] if site == address else [(address, 1), (site, SITE_SHARE)]


def account_key(email: str) -> str:
    return f"signin:account:{digest(normalized_email(email))}"


def pair_key(email: str, address: str) -> str:
    return f"{account_key(email)}:{address}"


def known_key(email: str, address: str) -> str:
    """Return a key that exists while the address is one that the account signed in from."""
    return f"signin:known:{digest(normalized_email(email) + ' ' + address)}"
