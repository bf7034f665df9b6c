"""Operations over HTTP: how a command that was answered with 202 went."""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from dishka.integrations.litestar import FromDishka
from litestar import Controller, Response, get
from litestar.datastructures import CacheControlHeader
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, QueryParameter
from msgspec import Raw, Struct

from shared.commands.conflict_details import Meanwhile
from shared.errors import NotFound, Refusal
from shared.http.requests import AnyRequest, caller_of, documented, signed_in
from shared.lists.cursors import DEFAULT_LIMIT, PAGE_ORDER, PageCursor, PageLimit
from shared.messages import Status
from shared.operations.listing import OperationFilter, OperationPage, OperationQuery, PostgresOperationList, Sort
from shared.operations.postgres import Operation, PostgresOperations
from shared.ports import Caller, Clock, Invalidation
from shared.text.forms import VISIBLE

YOUNG = timedelta(hours=1)
CONTEXT = QueryParameter(max_length=63, pattern=VISIBLE, description="Those of this context, such as `assignments`.")
COMMAND = QueryParameter(max_length=63, pattern=VISIBLE, description="This command, such as `AssignModule`.")


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


async def operation_filter(
    organization_id: Annotated[UUID | None, QueryParameter(description="On this organization alone.")] = None,
    status: FromQuery[Status | None] = None,
    context: Annotated[str | None, CONTEXT] = None,
    command: Annotated[str | None, COMMAND] = None,
) -> OperationFilter:
    """Which operations."""
    return OperationFilter(organization_id, status, context, command)


async def operation_query(
    wanted: NamedDependency[OperationFilter],
    limit: PageLimit = DEFAULT_LIMIT,
    cursor: PageCursor = None,
    sort: Annotated[Sort, PAGE_ORDER] = "-created_at",
) -> OperationQuery:
    """Which page of them."""
    return OperationQuery(limit, cursor, sort, wanted)


class OperationsController(Controller):
    """How commands went."""

    path = "/operations"
    tags = ["operations"]  # noqa: RUF012 - litestar's controllers declare by class attributes

    @get(
        guards=[signed_in],
        dependencies={"wanted": Provide(operation_filter), "which_page": Provide(operation_query)},
        operation_id="getOperations",
        summary="List operations and their outcomes",
        cache_control=CacheControlHeader(no_store=True),
    )
    async def page(
        self,
        request: AnyRequest,
        which_page: NamedDependency[OperationQuery],
        operations: FromDishka[PostgresOperationList],
    ) -> OperationPage:
        """Super admins see all, an organization's people those on their organization, services none.

        What a command changed is certain to be read only after its own address has told of it.
        """
        return await operations.page(which_page, caller_of(request))

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
        meanwhile: FromDishka[Meanwhile],
        clock: FromDishka[Clock],
    ) -> Response[OperationView]:
        """For its issuer, the organization's own people and super admins; others learn nothing of it."""
        caller = caller_of(request)
        operation = await operations.operation(operation_id)
        if operation is None or not may_see(caller, operation):
            raise OperationNotFound(f"There is no operation {operation_id}, or it is not yours to see.")
        if operation.outcome and operation.decided_at and clock.now() - operation.decided_at < YOUNG:
            await invalidation.invalidate(operation.outcome.invalidates)
        told = None
        if operation.outcome is not None:
            told = await meanwhile.told(operation.outcome, caller)
        return Response(view(operation, told), headers={"Cache-Control": "no-store"})


def may_see(caller: Caller, operation: Operation) -> bool:
    """Super admins, the issuer, the organization's people, and the bearer of the operation's own token."""
    if caller.operation_id is not None:
        return caller.operation_id == operation.operation_id
    own = caller.organization_id is not None and caller.organization_id == operation.organization_id
    return caller.role == "super_admin" or own or caller.user_id == operation.user_id


def view(operation: Operation, refusal: Refusal | None) -> OperationView:
    """What is shown of an operation."""
    outcome = operation.outcome
    return OperationView(
        operation_id=operation.operation_id,
        status=operation.status,
        command=operation.command,
        context=operation.context,
        aggregate_id=operation.aggregate_id,
        organization_id=operation.organization_id,
        created_at=operation.created_at,
        decided_at=operation.decided_at,
        sequence=outcome.sequence if outcome else None,
        result=outcome.result if outcome else None,
        refusal=refusal,
    )
