"""How far everything is used, over HTTP: a whole answer for each kind, for super admins."""

from typing import cast

from dishka.integrations.litestar import FromDishka
from litestar import Controller, get
from litestar.response.base import ASGIResponse

from assignments.adapters.cached import CachedUsageReader
from assignments.adapters.usage import IndustriesUsage, ModulesUsage
from shared.cache.generations import Cached
from shared.http.requests import AnyRequest, documented, send_cached, super_admin


class UsageController(Controller):
    """What a list of modules or templates shows beside each of them."""

    path = "/usage"
    guards = (super_admin,)
    tags = ("usage",)

    @get(
        "/modules",
        operation_id="getModulesUsage",
        summary="Get each module's usage",
        responses=documented(ModulesUsage),
    )
    async def modules(self, request: AnyRequest, reader: FromDishka[CachedUsageReader]) -> ASGIResponse:
        return send_cached(request, always(await reader.modules()))

    @get(
        "/industries",
        operation_id="getIndustriesUsage",
        summary="Get each industry template's usage by version",
        responses=documented(IndustriesUsage),
    )
    async def industries(self, request: AnyRequest, reader: FromDishka[CachedUsageReader]) -> ASGIResponse:
        return send_cached(request, always(await reader.industries()))


def always(cached: Cached | None) -> Cached:
    """What is never absent, though the cache could say so."""
    return cast("Cached", cached)
