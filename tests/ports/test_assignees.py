"""Who has what, as other contexts ask it: the fakes and the assignments keep the same promises."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import pytest

from assignments.commands import ApplyIndustryTemplate, AssignModule
from industries.commands import CreateIndustry, UpdateIndustry
from industries.events import TemplateModule
from industries.ports import AppliedTemplates
from organizations.ports import Assignees
from registry.commands import RegisterModule
from shared.postgres.database import PostgresDatabase
from tests.industries.conftest import FakeApplied
from tests.organizations.conftest import Fakes
from tests.ports.conftest import Plane

ONE, TWO, THREE = (str(UUID(int=number)) for number in (1, 2, 3))
ALL = [ONE, TWO, THREE]


class Site(NamedTuple):
    """The first has the bakery's first version, the second its second; the second and the third have a till."""

    holders: Assignees
    applied: AppliedTemplates
    database: PostgresDatabase

    async def with_template(self, version: int | None, limit: int = 10, code: str = "bakery") -> Sequence[str]:
        async with self.database.snapshot() as transaction:
            return await self.holders.with_template(transaction, limit, industry_code=code, version=version)

    async def older(self, than: int, limit: int = 10) -> tuple[list[str], list[str]]:
        """Who has an older version: some of all, and those of two."""
        async with self.database.snapshot() as transaction:
            some = await self.holders.with_template(
                transaction, limit, industry_code="bakery", version=None, older_than=than
            )
            having = await self.holders.having_template(
                transaction, [TWO, THREE], industry_code="bakery", version=None, older_than=than
            )
        return sorted(some), sorted(having)

    async def having_template(self, version: int | None, code: str = "bakery") -> frozenset[str]:
        async with self.database.snapshot() as transaction:
            return await self.holders.having_template(transaction, [TWO, THREE], industry_code=code, version=version)


def fake(database: PostgresDatabase) -> Site:
    fakes, applied = Fakes(), FakeApplied()
    fakes.having, fakes.on_template = {"till": {TWO, THREE}}, {"bakery": {ONE: 1, TWO: 2}}
    applied.versions = {"bakery": {1: 1, 2: 1}}
    return Site(fakes, applied, database)


async def real(plane: Plane) -> Site:
    for module_id in ("oven", "till"):
        command = RegisterModule(module_id, module_id.title(), "", "Shop", "s", "/s", "1.0", {}, {})
        await plane.decide("registry", module_id, command)
    oven = TemplateModule("oven", is_required=False)
    await plane.decide("industries", "bakery", CreateIndustry("bakery", "Bakery", "", modules=[oven]))
    await plane.decide("industries", "bakery", UpdateIndustry("bakery", modules=[]))
    for number, id_ in enumerate(ALL):
        await plane.sign_up(id_, f"Bakery {number}")
    await plane.decide("assignments", ONE, ApplyIndustryTemplate(ONE, "bakery", 1))
    await plane.decide("assignments", TWO, ApplyIndustryTemplate(TWO, "bakery"))
    for id_ in (TWO, THREE):
        await plane.decide("assignments", id_, AssignModule(id_, "till", "ada"))
    return Site(await plane.get(Assignees), await plane.get(AppliedTemplates), plane.database)


@pytest.fixture
async def site(real_plane: Plane | None, database: PostgresDatabase) -> Site:
    return await real(real_plane) if real_plane else fake(database)


async def test_who_has_a_module_is_told_up_to_the_limit(site: Site) -> None:
    async with site.database.snapshot() as transaction:
        assert sorted(await site.holders.with_module(transaction, 10, module_id="till")) == [TWO, THREE]
        assert len(await site.holders.with_module(transaction, 1, module_id="till")) == 1
        assert await site.holders.with_module(transaction, 10, module_id="never") == []
        assert await site.holders.having_module(transaction, [ONE, TWO], module_id="till") == {TWO}
        assert await site.holders.having_module(transaction, [], module_id="till") == frozenset()


async def test_who_has_a_template_is_told_in_any_version_or_in_one(site: Site) -> None:
    assert [sorted(await site.with_template(version)) for version in (None, 1, 2, 3)] == [[ONE, TWO], [ONE], [TWO], []]
    assert len(await site.with_template(None, limit=1)) == 1
    assert await site.with_template(None, code="never") == []
    assert [sorted(await site.having_template(version)) for version in (None, 1, 2)] == [[TWO], [], [TWO]]
    assert await site.having_template(None, code="never") == frozenset()


async def test_who_has_an_older_version_is_told_from_who_has_the_current_one(site: Site) -> None:
    assert await site.older(1) == ([], [])
    assert await site.older(2) == ([ONE], [])
    assert await site.older(3) == ([ONE, TWO], [TWO])
    assert len((await site.older(3, limit=1))[0]) == 1


async def test_those_who_have_a_template_are_counted_in_all_and_by_version(site: Site) -> None:
    async with site.database.snapshot() as transaction:
        counted = await site.applied.organizations(transaction, ["bakery", "never"])
        by_version = await site.applied.by_version(transaction, "bakery", [1, 3])
    assert {code: count for code, count in counted.items() if count} == {"bakery": 2}
    assert {version: count for version, count in by_version.items() if count} == {1: 1}
