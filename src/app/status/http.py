"""How the system is, over HTTP, for super admins."""

from dishka.integrations.litestar import FromDishka
from litestar import Controller, Response, get

from app.status.collect import SystemLook
from app.status.model import SystemStatus
from shared.http.authentication import super_admin


class SystemController(Controller):
    """For whoever looks after the system."""

    path = "/system"
    tags = ["system"]  # noqa: RUF012 - litestar's controllers declare by class attributes
    guards = [super_admin]  # noqa: RUF012 - the same

    @get("/status", operation_id="getSystemStatus", summary="Get how the system is, part by part")
    async def status(self, look: FromDishka[SystemLook]) -> Response[SystemStatus]:
        """200 whatever is away: that is part of the answer. Takes at most some two seconds."""
        return Response(await look.status(), headers={"Cache-Control": "no-store"})
