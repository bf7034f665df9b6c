"""`modplane serve`, but the process ends between the commit and the renewal of the generation named in a file."""

import os
from collections.abc import Sequence
from pathlib import Path

from app.main import serve
from app.settings import Settings
from shared.cache.generations import GenerationCache

DOOM = Path(os.environ["DOOM"])
invalidate = GenerationCache.invalidate


def is_doomed(invalidates: Sequence[str]) -> bool:
    return DOOM.exists() and DOOM.read_text() in invalidates


async def invalidate_or_die(cache: GenerationCache, invalidates: Sequence[str]) -> None:
    if is_doomed(invalidates):
        os._exit(9)
    await invalidate(cache, invalidates)


setattr(GenerationCache, "invalidate", invalidate_or_die)  # noqa: B010 - mypy forbids the plain assignment

if __name__ == "__main__":
    serve(Settings())
