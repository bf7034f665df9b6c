"""The context as it is wired, on the real database, with fakes of everything it asks of other contexts."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest
from dishka import AsyncContainer, Provider, Scope, make_async_container
from dishka.integrations.litestar import DishkaRouter, LitestarProvider, setup_dishka
from litestar import Litestar
from litestar.types import ASGIApp, Receive, Send
from litestar.types import Scope as AsgiScope
from msgspec import Raw

from access.domain import valid_email, valid_name, valid_password
from industries.contract import IndustryFact
from organizations.commands import Command, RegisterOrganization
from organizations.ports import (
    Assignees,
    IndustryNames,
    IndustryTemplates,
    ModulesOutcome,
    OperationTokens,
    PendingOwners,
    SignupModules,
    SignupOwners,
    SignupSettings,
)
from organizations.wiring import CONTEXT, OrganizationDecider, OrganizationsProvider
from shared.cache.generations import ReadThrough
from shared.commands.bus import CommandBus, OutcomeWaiter
from shared.commands.conflict_details import ConflictDetails
from shared.commands.dry_run import DryRunner
from shared.commands.envelopes import CommandEnvelopes, encoded_command
from shared.commands.http import CommandSender
from shared.commands.postgres import PostgresCommandStore
from shared.commands.processor import CommandProcessor
from shared.errors import Conflict, FieldError, Unauthenticated
from shared.http.bodies import strict_body
from shared.http.problems import EXCEPTION_HANDLERS
from shared.lists.cursors import Cursors
from shared.messages import CommandEnvelope, Outcome, PreviewedChange, ReceivedCommand
from shared.ports import Caller, Clock, Database, OperationsReader, SendCommand, Transaction
from shared.postgres.database import PostgresDatabase
from shared.text.emails import normalized_email
from tests.fakes import CURSORS, NOON, FakeClock, FakeInvalidation, FakeKafka, FreshIds, NoCache, NoHistory

BAKERY = IndustryFact("active", "Bakery", 3)


class EmailTaken(Conflict):
    """Somebody has the e-mail."""


class Fakes:
    """Everything of other contexts."""

    def __init__(self) -> None:
        self.known = {"bakery": BAKERY}
        self.waiting: dict[UUID, str] = {}
        self.users: dict[UUID, str] = {}
        self.holds: list[UUID] = []
        self.activated: list[tuple[UUID, str]] = []
        self.applied: list[tuple[Any, ...]] = []
        self.modules: ModulesOutcome | Exception = ModulesOutcome("applied", ["ovens"])
        self.having: dict[str, set[str]] = {}
        self.on_template: dict[str, dict[str, int]] = {}
        self.sent: list[tuple[str, CommandEnvelope, Any]] = []

    async def industries(self, transaction: Transaction, industry_codes: Sequence[str]) -> Mapping[str, IndustryFact]:
        return {code: self.known[code] for code in industry_codes if code in self.known}

    async def names(self, transaction: Transaction, industry_codes: Sequence[str]) -> Mapping[str, str]:
        known = {code: self.known[code] for code in industry_codes if code in self.known}
        return {code: fact.industry_name for code, fact in known.items() if fact.status != "deleted"}

    async def pending(self, transaction: Transaction, operation_ids: Sequence[UUID]) -> frozenset[UUID]:
        return frozenset(operation_ids) & self.waiting.keys()

    async def activate(self, transaction: Transaction, owners: Sequence[tuple[UUID, str]], now: datetime) -> None:
        rows = "SELECT count(*) FROM organizations.organizations WHERE organization_id = ANY($1::text[])"
        assert await transaction.fetchval(rows, [id_ for _, id_ in owners]) == len(owners)
        self.users |= {owner: self.waiting.pop(owner) for owner, _ in owners}
        self.activated.extend(owners)

    async def discard(self, transaction: Transaction, operation_ids: Sequence[UUID]) -> None:
        for id_ in operation_ids:
            self.waiting.pop(id_, None)

    async def with_module(self, transaction: Transaction, limit: int, *, module_id: str) -> Sequence[str]:
        return sorted(self.having.get(module_id, ()))[:limit]

    async def having_module(
        self, transaction: Transaction, organization_ids: Sequence[str], *, module_id: str
    ) -> frozenset[str]:
        return frozenset(organization_ids) & self.having.get(module_id, set())

    async def with_template(
        self,
        transaction: Transaction,
        limit: int,
        *,
        industry_code: str,
        version: int | None,
        older_than: int | None = None,
    ) -> Sequence[str]:
        return sorted(self._on(industry_code, version, older_than))[:limit]

    async def having_template(
        self,
        transaction: Transaction,
        organization_ids: Sequence[str],
        *,
        industry_code: str,
        version: int | None,
        older_than: int | None = None,
    ) -> frozenset[str]:
        return frozenset(organization_ids) & self._on(industry_code, version, older_than)

    def _on(self, industry_code: str, version: int | None, older_than: int | None) -> set[str]:
        on_it = self.on_template.get(industry_code, {})
        return {
            id_
            for id_, applied in on_it.items()
            if version in {None, applied} and (older_than is None or applied < older_than)
        }

    async def check(self, operation_id: UUID, email: str, name: str | None, password: str) -> None:
        address = valid_email(email)
        valid_name(name)
        valid_password(password)
        held = {id_: normalized_email(one) for id_, one in {**self.waiting, **self.users}.items()}
        if address in {one for id_, one in held.items() if id_ != operation_id}:
            raise EmailTaken("This e-mail is taken.", errors=[FieldError("/email", "taken")])

    async def hold(self, operation_id: UUID, email: str, name: str | None, password: str) -> None:
        await self.check(operation_id, email, name, password)
        self.holds.append(operation_id)
        if operation_id not in self.users:
            self.waiting[operation_id] = email

    async def release(self, operation_id: UUID) -> None:
        self.waiting.pop(operation_id, None)

    async def apply_template(
        self, organization_id: str, industry_code: str, version: int, cause: UUID, user_id: str
    ) -> ModulesOutcome:
        self.applied.append((organization_id, industry_code, version, cause, user_id))
        if isinstance(self.modules, Exception):
            raise self.modules
        return self.modules

    async def dry_run(
        self, organization_id: str, industry_code: str, version: int, user_id: str
    ) -> tuple[ModulesOutcome, Sequence[PreviewedChange]]:
        return ModulesOutcome("applied", ["ovens"]), [PreviewedChange(f"{industry_code}.{version}", Raw(b"{}"), [])]

    async def issue(self, operation_id: UUID) -> str:
        return f"token of {operation_id}"

    async def send(self, context: str, envelope: CommandEnvelope, command: Any) -> None:
        self.sent.append((context, envelope, command))


PORTS = (
    *(Assignees, IndustryNames, IndustryTemplates, OperationTokens, PendingOwners),
    *(SendCommand, SignupModules, SignupOwners),
)


class Overlooking:
    """The decided operations, of which a racing request may have seen nothing yet."""

    def __init__(self, command_store: PostgresCommandStore) -> None:
        self.command_store = command_store
        self.sees_nothing = False

    async def decided(self, operation_ids: Sequence[UUID]) -> Mapping[UUID, Outcome]:
        return {} if self.sees_nothing else await self.command_store.decided(operation_ids)


class World:
    """The write path of this one context in one process: commands are decided inline."""

    def __init__(self, database: PostgresDatabase, fakes: Fakes) -> None:
        self.database, self.fakes = database, fakes
        self.command_store = PostgresCommandStore(database, "test")
        self.operations = Overlooking(self.command_store)
        self.clock, self.kafka, self.invalidation = FakeClock(), FakeKafka(there=False), FakeInvalidation()
        self.waiter = OutcomeWaiter(self.command_store, self.invalidation)
        context = dict.fromkeys(PORTS, fakes) | {PostgresDatabase: database, OperationsReader: self.operations}
        context |= {
            Database: database,
            Cursors: CURSORS,
            Clock: self.clock,
            CommandEnvelopes: CommandEnvelopes(self.clock, FreshIds()),
            ReadThrough: NoCache(),
            SignupSettings: SignupSettings(),
        }
        given = Provider(scope=Scope.APP)
        given.provide(self.sender)
        for port in context:
            given.from_context(port)
        container = make_async_container(OrganizationsProvider(), given, LitestarProvider(), context=context)
        self.container: AsyncContainer = container

    def processor(self, decider: OrganizationDecider) -> CommandProcessor:
        return CommandProcessor(decider, self.database, self.command_store, self.invalidation, self.waiter, self.clock)

    def sender(self, decider: OrganizationDecider) -> CommandSender:
        bus = CommandBus(self.kafka, {"organizations": self.processor(decider)}, self.waiter, self.command_store)
        previews = DryRunner([decider], self.database, self.command_store, self.clock)
        return CommandSender(
            bus,
            previews,
            ConflictDetails(NoHistory(), NoHistory()),
            CommandEnvelopes(self.clock, FreshIds()),
            FreshIds(),
        )

    async def decide(self, *commands: Command) -> list[Outcome]:
        processor = self.processor(await self.container.get(OrganizationDecider))
        return list(await processor.process([ReceivedCommand(envelope(command), command) for command in commands]))

    async def register(self, name: str, industry_code: str | None = None) -> str:
        """A new organization's id."""
        organization_id, owner = str(uuid4()), uuid4()
        self.fakes.waiting[owner] = name
        (outcome,) = await self.decide(RegisterOrganization(organization_id, name, industry_code, owner))
        assert outcome.status == "applied"
        return organization_id

    def app(self) -> Litestar:
        router = DishkaRouter("/api/v1", route_handlers=CONTEXT.controllers)
        handlers: Any = EXCEPTION_HANDLERS
        app = Litestar([router], exception_handlers=handlers, before_request=strict_body, middleware=[signed_in_as])
        setup_dishka(self.container, app)
        return app


def signed_in_as(app: ASGIApp) -> ASGIApp:
    """Believes the header `Caller: {role} {organization id}`."""

    async def middleware(scope: AsgiScope, receive: Receive, send: Send) -> None:
        said = dict(scope["headers"]).get(b"caller", b"").decode().split()
        role, organization_id = [*said, None, None][:2]
        scope["user"] = Caller("somebody", role, organization_id) if role else Unauthenticated("Sign in first.")
        await app(scope, receive, send)

    return middleware


def envelope(command: Command) -> CommandEnvelope:
    return CommandEnvelope(
        operation_id=uuid4(),
        aggregate_id=command.organization_id,
        organization_id=command.organization_id,
        user_id="somebody",
        fingerprint=msgspec.json.encode(command).hex(),
        issued_at=NOON,
        command=encoded_command(command),
    )


@pytest.fixture
def fakes() -> Fakes:
    return Fakes()


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    asgi: Any = world.app()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(asgi), base_url="http://t") as client:
        yield client


@pytest.fixture
async def world(database: PostgresDatabase, fakes: Fakes) -> AsyncIterator[World]:
    world = World(database, fakes)
    yield world
    await world.container.close()
