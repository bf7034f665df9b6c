"""The keys another issuer publishes as a JWKS (RFC 7517), kept up to date."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.request import Request, urlopen

import jwt
import msgspec
import structlog
from msgspec import Struct

from shared.errors import Unavailable
from shared.ports import Clock

log = structlog.get_logger(__name__)

ALGORITHMS = ("RS256", "ES256", "EdDSA")
REFRESH_AFTER = timedelta(minutes=10)
FETCH_INTERVAL = timedelta(seconds=10)
FETCH_SECONDS = 5.0
MAX_JWKS_BYTES = 1024 * 1024
MAX_KEYS = 100
MAX_TRIED = 10

Fetch = Callable[[str], Awaitable[bytes]]


class IssuerUnreachable(Unavailable):
    """The issuer's present keys cannot be read, so nobody can tell whether it signed the token."""


class IssuerHasNoKeys(Unavailable):
    """The issuer answers, and publishes no key that could verify anything."""


class PublishedKey(Struct, frozen=True):
    """A key that can verify. An issuer with one key need not name it."""

    kid: str | None
    key: jwt.PyJWK


async def fetch(url: str) -> bytes:
    """The document, read in a thread. Raises `OSError` or `ValueError`."""
    return await asyncio.to_thread(read, url)


def read(url: str) -> bytes:
    """At most a megabyte, over http or https alone."""
    if not url.startswith(("https://", "http://")):
        raise ValueError("A JWKS is read over https or http.")
    request = Request(url, headers={"Accept": "application/json"})  # noqa: S310 - the scheme was looked at
    with urlopen(request, timeout=FETCH_SECONDS) as response:  # noqa: S310 - the same
        body: bytes = response.read(MAX_JWKS_BYTES + 1)
    if len(body) > MAX_JWKS_BYTES:
        raise ValueError("The JWKS is larger than a megabyte.")
    return body


class IssuerKeys:
    """The issuer's keys. They are read again every ten minutes, meanwhile the old ones serve.

    A key nobody knows leads to a look at once, but not more than one in ten seconds, whoever sends what.
    """

    def __init__(self, url: str, clock: Clock, fetch: Fetch = fetch) -> None:
        self._url = url
        self._clock = clock
        self._fetch = fetch
        self._keys: Sequence[PublishedKey] = ()
        self._failed = False
        self._tried_at: datetime | None = None
        self._fetching: asyncio.Task[None] | None = None

    def names(self, kid: str | None) -> bool:
        """Whether the issuer has a key of that name, so that no other can be meant."""
        return kid is not None and any(each.kid == kid for each in self._keys)

    def candidates(self, kid: str | None, algorithm: str) -> Sequence[jwt.PyJWK]:
        """The keys that may have signed a token: those it names; without any, unnamed ones of its algorithm.

        A token that names no key may be signed by any of them.
        """
        if self._keys and self._is_older_than(REFRESH_AFTER):
            self._begin()
        allowed = {kid} if self.names(kid) else {None, *(each.kid for each in self._keys if kid is None)}
        fitting = [each.key for each in self._keys if each.kid in allowed and each.key.algorithm_name == algorithm]
        return fitting[:MAX_TRIED]

    async def look_again(self) -> None:
        """Read the keys now, unless somebody did a moment ago. A failure is told by `require_known`."""
        if self._is_older_than(FETCH_INTERVAL):
            self._begin()
        if self._fetching is not None:
            await asyncio.shield(self._fetching)

    def require_known(self) -> None:
        """Raise `IssuerUnreachable` or `IssuerHasNoKeys` where a key that is missing proves nothing."""
        if self._failed or self._tried_at is None:
            raise IssuerUnreachable("The token's issuer does not answer. Try again in a few seconds.")
        if not self._keys:
            raise IssuerHasNoKeys("The token's issuer publishes no key that could verify it. Ask who administers it.")

    def _is_older_than(self, age: timedelta) -> bool:
        return self._tried_at is None or abs(self._clock.now() - self._tried_at) >= age

    def _begin(self) -> None:
        if self._fetching is None:
            self._tried_at = self._clock.now()
            self._fetching = asyncio.create_task(self._refresh())

    async def _refresh(self) -> None:
        try:
            self._keys = usable_keys(await self._fetch(self._url))
            self._failed = False
        except (OSError, ValueError, msgspec.MsgspecError) as error:
            self._failed = True
            log.warning("jwks_not_read", error=str(error)[:200])
        finally:
            self._fetching = None


def usable_keys(document: bytes) -> Sequence[PublishedKey]:
    """Public signing keys of the allowed algorithms; others are left out. Raises `ValueError` or `MsgspecError`."""
    listed = msgspec.json.decode(document, type=dict[str, Any]).get("keys")
    if not isinstance(listed, list):
        raise ValueError("The document is no JWKS: it has no list `keys`.")  # noqa: TRY004 - a value, not a type, of ours
    found = [key for entry in listed[:MAX_KEYS] if isinstance(entry, dict) and (key := usable_key(entry)) is not None]
    if not found:
        log.warning("jwks_without_usable_key", listed=len(listed), algorithms=ALGORITHMS)
    return found


def usable_key(entry: dict[str, Any]) -> PublishedKey | None:
    """The key; none when it is not for signatures, of another algorithm, or damaged."""
    kid = entry.get("kid")
    if entry.get("use", "sig") != "sig":
        return None
    try:
        key = jwt.PyJWK(entry)
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        log.warning("jwk_left_out", error=type(error).__name__)
        return None
    return PublishedKey(kid if isinstance(kid, str) else None, key) if key.algorithm_name in ALGORITHMS else None
