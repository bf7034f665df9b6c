"""Failed sign-ins, counted in Redis by account and by address. Without Redis nobody is refused."""

from access.domain import TooManyAttempts
from access.ports import AccessSettings
from shared.adapters.rate_limits import RedisWindows, digest
from shared.cache import CacheDown
from shared.emails import normalized_email

WINDOW_SECONDS = 300


class RedisSignInAttempts:
    """An attempt counts from its begin, so those that run at the same time do not slip through together."""

    def __init__(self, windows: RedisWindows, settings: AccessSettings) -> None:
        self._windows = windows
        self._limits = (settings.failures_per_account, settings.failures_per_address)

    async def begin(self, email: str, address: str) -> None:
        """One round trip. The e-mail itself is not kept."""
        try:
            counts = await self._windows.add(dict.fromkeys(keys(email, address), 1), WINDOW_SECONDS)
        except CacheDown:
            return
        waits = [left for (count, left), limit in zip(counts, self._limits, strict=True) if 0 < limit < count]
        if waits:
            seconds = max(waits)
            raise TooManyAttempts(
                f"Too many failed attempts to sign in. Try again in {seconds} seconds.", retry_after=seconds
            )

    async def succeeded(self, email: str, address: str) -> None:
        """The account begins anew; the address is spared this one."""
        of_account, of_address = keys(email, address)
        try:
            await self._windows.forget([of_account])
            await self._windows.add({of_address: -1}, WINDOW_SECONDS)
        except CacheDown:
            return


def keys(email: str, address: str) -> tuple[str, str]:
    """The account's and the address's."""
    return f"signin:account:{digest(normalized_email(email))}", f"signin:address:{address}"
