"""Whether the Redis server answers, and which version it is, whatever the cache thinks of it."""

import asyncio

from shared.cache.generations import CacheDown
from shared.cache.redis_client import NoBackoff, Redis, RedisError, Retry

ANSWER_SECONDS = 0.5


class RedisServer:
    """Looks from outside, by a connection of its own: one made here must not pass for the store's."""

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(
            url,
            socket_timeout=ANSWER_SECONDS,
            socket_connect_timeout=ANSWER_SECONDS,
            retry=Retry(NoBackoff(), 0),
            health_check_interval=0,
        )

    async def version(self) -> str:
        """The server's. Raises `CacheDown`, at the latest after half a second."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                told = await self._redis.info("server")
        except (RedisError, OSError, TimeoutError) as error:
            raise CacheDown from error
        return str(told["redis_version"])

    async def close(self) -> None:
        """Ends the connection."""
        await self._redis.aclose()
