"""Liveness, readiness and metrics of this process, and the status of the whole system, over HTTP."""

import asyncio
from typing import Literal

from dishka.integrations.litestar import FromDishka
from litestar import Controller, MediaType, Response, get
from msgspec import Struct
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from app.status.collect import StatusCollector
from app.status.gauges import Parts
from app.status.model import SystemStatus
from shared.cache.redis import RedisCache
from shared.errors import Unavailable
from shared.http.authentication import super_admin
from shared.http.parameters import ANY_PARAMETER
from shared.http.responses import documented
from shared.kafka.broker import KafkaConnection
from shared.postgres.database import PostgresDatabase

Status = Literal["ok", "degraded", "not_ready"]
Verdict = Literal["ok", "down", "degraded"]
CHECK_SECONDS = 2.0


class Readiness:
    """`prepared` is set once schema, super admin and seeds are there; until then `problem` names what is missing."""

    def __init__(self) -> None:
        self.prepared = asyncio.Event()
        self.problem = "starting"


class Health(Struct, frozen=True):
    """The process's readiness, part by part. `degraded`: it works without the part, more slowly or without writes.

    `status` `degraded`: reads are served and writes are refused, for the reason in `waiting_for`.
    """

    status: Status
    parts: dict[str, Verdict]
    waiting_for: str


class HealthController(Controller):
    """Checks for supervisors that restart processes, and for load balancers."""

    path = "/health"
    opt = {ANY_PARAMETER: True}  # noqa: RUF012 - litestar's controllers declare by class attributes
    tags = ["health"]  # noqa: RUF012 - litestar's controllers declare by class attributes
    security = [{}]  # noqa: RUF012 - the same

    @get("/live", operation_id="getLiveness", summary="Get whether the process is alive")
    async def live(self) -> dict[str, str]:
        """Depends on no other part: when this does not answer, only a restart helps."""
        return {"status": "ok"}

    @get(
        "/ready",
        operation_id="getReadiness",
        summary="Get whether requests can be served",
        responses=documented(Health) | documented(Health, 503),
    )
    async def ready(
        self,
        database: FromDishka[PostgresDatabase],
        store: FromDishka[RedisCache],
        kafka: FromDishka[KafkaConnection],
        readiness: FromDishka[Readiness],
    ) -> Response[Health]:
        """503 until the schema, the super admin and the seeds are there, and whenever the database is away.

        200 and `degraded` while it answers and takes no writes, for want of room: reads are served all the same.
        """
        answers, problem = await postgres_verdict(database), database.writes.problem
        parts: dict[str, Verdict] = {
            "postgres": "degraded" if answers == "ok" and problem else answers,
            "redis": "ok" if store.trusted else "degraded",
            "kafka": await kafka_verdict(kafka),
        }
        ready = readiness.prepared.is_set() and answers == "ok"
        waiting_for = f"writes: the database takes none, {problem}" if ready and problem else readiness.problem
        status: Status = "not_ready" if not ready else "degraded" if problem else "ok"
        health = Health(status, parts, waiting_for)
        return Response(health, status_code=200 if ready else 503, headers={"Cache-Control": "no-store"})


async def postgres_verdict(database: PostgresDatabase) -> Verdict:
    try:
        async with asyncio.timeout(CHECK_SECONDS), database.reading() as connection:
            await connection.execute("SELECT 1")
    except (Unavailable, TimeoutError):
        return "down"
    return "ok"


async def kafka_verdict(kafka: KafkaConnection) -> Verdict:
    """Return `degraded` without the broker: commands are then decided by this process itself."""
    return "ok" if await kafka.answers(CHECK_SECONDS) else "degraded"


@get("/metrics", media_type=MediaType.TEXT, include_in_schema=False, opt={ANY_PARAMETER: True})
async def metrics(parts: FromDishka[Parts]) -> Response[bytes]:
    parts.sample()
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


class SystemController(Controller):
    """Status of the system and its parts, for operators."""

    path = "/system"
    tags = ["system"]  # noqa: RUF012 - litestar's controllers declare by class attributes
    guards = [super_admin]  # noqa: RUF012 - the same

    @get("/status", operation_id="getSystemStatus", summary="Get the system's status")
    async def status(self, collector: FromDishka[StatusCollector]) -> Response[SystemStatus]:
        """200 whatever is away: that is part of the answer. Takes at most some two seconds."""
        return Response(await collector.status(), headers={"Cache-Control": "no-store"})
