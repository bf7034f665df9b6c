"""Commands that no request carries: the fakes and the command bus keep the same promises."""

from typing import Any, NamedTuple
from uuid import UUID, uuid4

import pytest

from assignments.ports import OrganizationDirectory, OrganizationIndustry
from bulk.ports import CommandGateway, OrganizationCommand
from industries.commands import CreateIndustry
from industries.events import TemplateModule
from organizations.commands import ReactivateOrganization, SuspendOrganization
from organizations.ports import ModulesOutcome, SignupModules
from registry.commands import RegisterModule
from shared.commands.envelopes import encoded_command
from shared.messages import CommandEnvelope
from shared.ports import OperationsReader, SendCommand
from tests.assignments.conftest import Neighbours, World
from tests.bulk.fakes import FakeBulk, operation
from tests.fakes import NOON
from tests.organizations.conftest import Fakes
from tests.ports.conftest import Plane

ORG, OTHER, UNKNOWN = (str(UUID(int=number)) for number in (1, 2, 9))


@pytest.fixture
async def bakery(real_plane: Plane | None) -> Plane | None:
    """None for the fakes, or a plane with two organizations, and a template that gives ovens."""
    if real_plane is None:
        return None
    plane = real_plane
    await plane.decide("registry", "ovens", RegisterModule("ovens", "Ovens", "", "Shop", "s", "/s", "1.0", {}, {}))
    ovens = TemplateModule("ovens", is_required=True)
    await plane.decide("industries", "bakery", CreateIndustry("bakery", "Bakery", "", modules=[ovens]))
    for number, id_ in enumerate((ORG, OTHER)):
        await plane.sign_up(id_, f"Bakery {number}")
    return plane


class Sending(NamedTuple):
    """One context's way to send, and where what was sent arrives."""

    sender: Any
    arrivals: World | Fakes | OperationsReader

    async def send(self, operation_id: UUID) -> None:
        command = SuspendOrganization(ORG)
        envelope = CommandEnvelope(
            operation_id=operation_id,
            aggregate_id=ORG,
            organization_id=ORG,
            user_id="ada",
            fingerprint="derived",
            issued_at=NOON,
            command=encoded_command(command),
        )
        await self.sender.send("organizations", envelope, command)

    async def arrived(self, operation_id: UUID) -> bool:
        if isinstance(self.arrivals, World | Fakes):
            return operation_id in {envelope.operation_id for _, envelope, _ in self.arrivals.sent}
        return operation_id in await self.arrivals.decided([operation_id])


@pytest.fixture(params=["assignments", "organizations"])
async def sending(request: pytest.FixtureRequest, bakery: Plane | None) -> Sending:
    of_assignments = request.param == "assignments"
    if bakery is not None:
        return Sending(await bakery.get(SendCommand), await bakery.get(OperationsReader))
    if of_assignments:
        world = World()
        return Sending(Neighbours(world), world)
    fakes = Fakes()
    return Sending(fakes, fakes)


async def test_a_command_cannot_get_lost_once_it_was_sent_and_may_be_sent_again(sending: Sending) -> None:
    operation_id = uuid4()
    assert not await sending.arrived(operation_id)
    for _ in range(2):
        await sending.send(operation_id)
        assert await sending.arrived(operation_id)


class Industries(NamedTuple):
    """How organizations come by their industry, and which they have."""

    port: OrganizationIndustry
    world: World | None
    plane: Plane | None

    async def industry(self, organization_id: str) -> str | None:
        if self.world is not None:
            return {id_: code for id_, code, *_ in self.world.industries_set}.get(organization_id)
        assert self.plane is not None
        directory: OrganizationDirectory = await self.plane.get(OrganizationDirectory)
        async with self.plane.database.snapshot() as transaction:
            return (await directory.organizations(transaction, [organization_id]))[organization_id].industry_code


@pytest.fixture
async def applied(bakery: Plane | None) -> Industries:
    if bakery is None:
        world = World()
        return Industries(Neighbours(world), world, None)
    return Industries(await bakery.get(OrganizationIndustry), None, bakery)


async def test_an_applied_template_becomes_the_industry_before_the_call_returns(applied: Industries) -> None:
    event_id = uuid4()
    assert await applied.industry(ORG) is None
    for _ in range(2):
        await applied.port.set_industry(ORG, "bakery", event_id, "ada")
        assert await applied.industry(ORG) == "bakery"
    assert await applied.industry(OTHER) is None


async def test_an_industry_that_cannot_be_set_harms_nobody(applied: Industries) -> None:
    await applied.port.set_industry(UNKNOWN, "bakery", uuid4(), "ada")


@pytest.fixture
async def modules(bakery: Plane | None) -> SignupModules:
    port: SignupModules = Fakes() if bakery is None else await bakery.get(SignupModules)
    return port


async def test_a_signups_modules_are_dry_run_and_given_and_the_same_cause_gives_the_same(
    modules: SignupModules,
) -> None:
    cause, given = uuid4(), ModulesOutcome("applied", ["ovens"])
    dry_run, changes = await modules.dry_run(ORG, "bakery", 1, str(cause))
    assert (dry_run, len(changes) > 0) == (given, True)
    assert await modules.apply_template(ORG, "bakery", 1, cause, str(cause)) == given
    assert await modules.apply_template(ORG, "bakery", 1, cause, str(cause)) == given


@pytest.fixture
async def asking(bakery: Plane | None) -> CommandGateway:
    """The unknown organization is refused whatever it is asked."""
    if bakery is None:
        parts = FakeBulk([ORG, OTHER])
        parts.refusing = {UNKNOWN}
        return parts
    port: CommandGateway = await bakery.get(CommandGateway)
    return port


async def test_what_was_asked_for_a_bulk_operation_is_told_when_it_is_decided(asking: CommandGateway) -> None:
    operations = {uuid4(): id_ for id_ in (ORG, UNKNOWN)}
    for operation_id, organization_id in operations.items():
        for _ in range(2):
            asked = OrganizationCommand("organizations", SuspendOrganization(organization_id))
            await asking.send(operation(), operation_id, organization_id, asked)
    outcomes = await asking.decided([*operations, uuid4()])
    assert {operations[id_]: outcome.status for id_, outcome in outcomes.items()} == {
        ORG: "applied",
        UNKNOWN: "rejected",
    }
    assert await asking.decided([]) == {}
    later = uuid4()
    await asking.send(operation(), later, ORG, OrganizationCommand("organizations", ReactivateOrganization(ORG)))
    assert set(await asking.decided([later])) == {later}
