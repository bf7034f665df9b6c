"""The system's status over HTTP, for super admins."""

from dishka.integrations.litestar import FromDishka
from litestar import Controller, Response, get

from app.status.collect import StatusCollector
from app.status.model import SystemStatus
from shared.http.authentication import super_admin


class SystemController(Controller):
    """Status of the system and its parts, for operators."""

    path = "/system"
    tags = ["system"]  # noqa: RUF012 - litestar's controllers declare by class attributes
    guards = [super_admin]  # noqa: RUF012 - the same

    @get("/status", operation_id="getSystemStatus", summary="Get the system's status")
    async def status(self, collector: FromDishka[StatusCollector]) -> Response[SystemStatus]:
        """200 whatever is away: that is part of the answer. Takes at most some two seconds."""
        return Response(await collector.status(), headers={"Cache-Control": "no-store"})
