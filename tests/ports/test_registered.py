"""What `apply` asks of the world: the control plane in memory and the real one keep the same promises."""

from typing import Any, NamedTuple

import pytest
from msgspec.structs import replace

from app.manifest.apply import Registered, Send
from app.manifest.current import RegisteredInPostgres
from app.manifest.model import ManifestEntry, ManifestIndustry
from industries.commands import CreateIndustry, DeleteIndustry, UpdateIndustry
from industries.events import TemplateModule
from registry.commands import DeactivateModule, DeleteModule, RegisterModule, UpdateModule
from shared.commands.direct_sender import DirectSender
from tests.app.control_plane import InMemoryControlPlane
from tests.app.manifest.test_apply import OVEN, TILL
from tests.ports.conftest import Plane


class Site(NamedTuple):
    """What is registered, and how that is changed."""

    registered: Registered
    send: Send

    async def status(self, context: str, aggregate_id: str, command: Any) -> str:
        return (await self.send(context, aggregate_id, command, "system:test")).status

    async def code(self, context: str, aggregate_id: str, command: Any) -> str | None:
        """Why it was refused."""
        refusal = (await self.send(context, aggregate_id, command, "system:test")).refusal
        return refusal.code if refusal else None

    async def plant(self) -> None:
        """Two modules, and a bakery that requires the first."""
        for one in (OVEN, replace(TILL, is_active=True)):
            fields = {name: getattr(one, name) for name in RegisterModule.__struct_fields__}
            assert await self.status("registry", one.module_id, RegisterModule(**fields)) == "applied"
        bakery = CreateIndustry("bakery", "Bakery", "Bread.", modules=[TemplateModule("oven", is_required=True)])
        assert await self.status("industries", "bakery", bakery) == "applied"


@pytest.fixture
async def site(real_plane: Plane | None) -> Site:
    if real_plane is None:
        fake = InMemoryControlPlane()
        return Site(fake, fake.send)
    return Site(await real_plane.get(RegisteredInPostgres), await real_plane.get(DirectSender))


async def test_what_is_registered_is_told_as_a_manifest_would_describe_it(site: Site) -> None:
    await site.plant()
    assert await site.status("registry", "till", DeactivateModule("till")) == "applied"
    assert await site.registered.modules() == {"oven": OVEN, "till": TILL}
    assert await site.registered.industries() == {
        "bakery": ManifestIndustry(
            industry_code="bakery",
            industry_name="Bakery",
            description="Bread.",
            modules=[ManifestEntry("oven", is_required=True)],
        )
    }


async def test_what_was_deleted_is_not_told_any_more(site: Site) -> None:
    await site.plant()
    assert await site.status("industries", "bakery", DeleteIndustry("bakery")) == "applied"
    assert await site.status("registry", "oven", DeleteModule("oven")) == "applied"
    assert set(await site.registered.modules()) == {"till"}
    assert await site.registered.industries() == {}


async def test_a_command_that_changes_nothing_or_is_refused_says_so(site: Site) -> None:
    await site.plant()
    assert await site.status("registry", "oven", UpdateModule("oven", version=OVEN.version)) == "unchanged"
    assert await site.code("registry", "never", DeleteModule("never")) == "module_not_found"
    assert await site.code("registry", "oven", DeleteModule("oven")) == "module_in_use"
    named = UpdateIndustry("bakery", modules=[TemplateModule("never", is_required=False)])
    assert await site.code("industries", "bakery", named) == "unknown_modules"
    assert await site.code("industries", "cafe", CreateIndustry("cafe", "BAKERY", "")) == "industry_name_taken"


async def test_the_name_of_a_deleted_industry_is_free_again(site: Site) -> None:
    await site.plant()
    await site.status("industries", "bakery", DeleteIndustry("bakery"))
    assert await site.status("industries", "cafe", CreateIndustry("cafe", "Bakery", "")) == "applied"
