"""Serves like `modplane serve`, but every invalidation of this process happens a good while after its commit."""

import asyncio
from collections.abc import Sequence

from app.logs import configure_logs
from app.main import serve
from app.settings import Settings
from shared.cache.generations import GenerationCache

LATE_SECONDS = 0.15

invalidate = GenerationCache.invalidate


async def invalidate_late(cache: GenerationCache, invalidates: Sequence[str]) -> None:
    if invalidates:
        await asyncio.sleep(LATE_SECONDS)
    await invalidate(cache, invalidates)


if __name__ == "__main__":
    setattr(GenerationCache, "invalidate", invalidate_late)  # noqa: B010 - mypy knows better than to assign methods
    configure_logs()
    serve(Settings())
