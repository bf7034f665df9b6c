"""What this process has prepared since it started."""

import asyncio


class Readiness:
    """`prepared` is set once the schema, the super admin and the seeds are there; `problem` says what is awaited."""

    def __init__(self) -> None:
        self.prepared = asyncio.Event()
        self.problem = "starting"
