"""Operations over HTTP: how a command that was answered with 202 went."""

from datetime import datetime, timedelta
from uuid import UUID

from dishka.integrations.litestar import FromDishka
from litestar import Controller, Response, get
from litestar.datastructures import CacheControlHeader
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Raw, Struct

from shared.commands.conflict_details import ConflictDetails
from shared.errors import NotFound, Refusal
from shared.http.authentication import caller_of, signed_in
from shared.http.bodies import AnyRequest
from shared.http.responses import documented
from shared.lists.lister import ListParams
from shared.lists.parameters import list_parameters
from shared.messages import Status
from shared.operations.postgres import (
    Operation,
    OperationFilter,
    OperationPage,
    PostgresOperationList,
    PostgresOperations,
    Sort,
)
from shared.ports import Caller, Clock, Invalidation

YOUNG = timedelta(hours=1)


class OperationNotFound(NotFound):
    """There is no such operation, it is older than 30 days, or it is not the caller's to see."""


class OperationView(Struct, frozen=True):
    """One command's life. `result` is what its caller was told, `refusal` why it was rejected."""

    operation_id: UUID
    status: Status
    command: str
    context: str
    aggregate_id: str
    organization_id: str | None
    created_at: datetime
    decided_at: datetime | None
    sequence: int | None
    result: Raw | None
    refusal: Refusal | None


class OperationsController(Controller):
    """How commands went."""

    path = "/operations"
    tags = ["operations"]  # noqa: RUF012 - litestar's controllers declare by class attributes

    @get(
        guards=[signed_in],
        dependencies=list_parameters(OperationFilter, Sort, "-created_at"),
        operation_id="getOperations",
        summary="List operations and their outcomes",
        cache_control=CacheControlHeader(no_store=True),
    )
    async def page(
        self,
        request: AnyRequest,
        params: NamedDependency[ListParams[OperationFilter]],
        operations: FromDishka[PostgresOperationList],
    ) -> OperationPage:
        """Super admins see all, an organization's people those on their organization, services none.

        What a command changed is certain to be read only after its own address has told of it.
        """
        return await operations.visible(params, caller_of(request))

    @get(
        "/{operation_id:uuid}",
        operation_id="getOperation",
        summary="Get an operation and its outcome",
        responses=documented(OperationView),
    )
    async def operation(
        self,
        request: AnyRequest,
        operation_id: FromPath[UUID],
        operations: FromDishka[PostgresOperations],
        invalidation: FromDishka[Invalidation],
        meanwhile: FromDishka[ConflictDetails],
        clock: FromDishka[Clock],
    ) -> Response[OperationView]:
        """For its issuer, the organization's own people and super admins; others learn nothing of it."""
        caller = caller_of(request)
        operation = await operations.operation(operation_id)
        if operation is None or not may_see(caller, operation):
            raise OperationNotFound(f"There is no operation {operation_id}, or it is not yours to see.")
        if operation.outcome and operation.decided_at and clock.now() - operation.decided_at < YOUNG:
            await invalidation.invalidate(operation.outcome.invalidates)
        refusal = await meanwhile.complete(operation.outcome, caller) if operation.outcome else None
        return Response(view(operation, refusal), headers={"Cache-Control": "no-store"})


def may_see(caller: Caller, operation: Operation) -> bool:
    if caller.operation_id is not None:
        return caller.operation_id == operation.operation_id
    own = caller.organization_id is not None and caller.organization_id == operation.organization_id
    return caller.role == "super_admin" or own or caller.user_id == operation.user_id


def view(operation: Operation, refusal: Refusal | None) -> OperationView:
    outcome = operation.outcome
    fields = {name: getattr(operation, name) for name in OperationView.__struct_fields__ if hasattr(operation, name)}
    decided = (
        {"sequence": outcome.sequence, "result": outcome.result} if outcome else {"sequence": None, "result": None}
    )
    return OperationView(**fields | decided | {"refusal": refusal})
