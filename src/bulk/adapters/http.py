"""Bulk operations over HTTP, for super admins."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from dishka.integrations.litestar import FromDishka
from litestar import Controller, Response, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct
from msgspec.structs import asdict

from bulk.adapters.queries import BulkItemPage, BulkPage, BulkProgress, PostgresBulkReader
from bulk.domain import (
    MAX_ORGANIZATIONS,
    BulkCommand,
    BulkOperationEnded,
    BulkOperationUnderWay,
    DryRunResult,
    ItemOutcome,
    OrganizationFilter,
    Selection,
    not_found,
)
from bulk.requests import BulkOperationRequest, BulkRequests
from shared.commands.http import fingerprint, operation_id_of
from shared.http.authentication import caller_of, super_admin
from shared.http.bodies import AnyRequest
from shared.http.command_route import TakesKey, refuses
from shared.http.parameters import reason_of
from shared.http.responses import documented
from shared.lists.cursors import DEFAULT_LIMIT, PageCursor, PageLimit
from shared.ports import Ids

BulkPath = FromPath[UUID]


class BulkRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """One command, and the organizations it is for: `organization_ids` or `filter`, the filters of their list.

    An empty filter selects all. Organizations that sign up after the selection are left out.
    """

    command: BulkCommand
    organization_ids: Annotated[Sequence[UUID], Meta(min_length=1, max_length=MAX_ORGANIZATIONS)] | None = None
    filter: OrganizationFilter | None = None


class BulkDryRun(DryRunResult, frozen=True, kw_only=True):
    """A dry run's answer."""

    dry_run: bool


class BulkOperationsController(Controller):
    """One command for many organizations."""

    path = "/bulk-operations"
    tags = ("bulk operations",)
    guards = (super_admin,)

    @post(
        status_code=202,
        operation_id="startBulkOperation",
        summary="Start a bulk operation: one command for many organizations",
        operation_class=TakesKey,
        responses=documented(BulkDryRun) | documented(BulkProgress, 202),
    )
    async def start(
        self,
        request: AnyRequest,
        data: JSONBody[BulkRequest],
        requests: FromDishka[BulkRequests],
        reader: FromDishka[PostgresBulkReader],
        ids: FromDishka[Ids],
        dry_run: Annotated[bool, QueryParameter(description="Return what would happen, and change nothing.")] = False,
    ) -> Response[Any]:
        """Answer 202 at once; `GET /bulk-operations/{id}` has the progress. Each organization is decided on its own.

        With `dry_run` answer 200 with counts and samples of organizations that would change, stay unchanged or be
        refused, for as many as five seconds allow.
        """
        user_id = caller_of(request).user_id
        wanted = BulkOperationRequest(
            id=operation_id_of(request, user_id, ids),
            command=data.command,
            selection=Selection(data.organization_ids, data.filter),
            user_id=user_id,
            reason=reason_of(request),
            fingerprint=fingerprint(request, data),
        )
        if dry_run:
            result = await requests.dry_run(wanted)
            return Response(BulkDryRun(**asdict(result), dry_run=True), status_code=200)
        bulk = await requests.begin(wanted)
        return accepted(await progress_of(reader, bulk.id))

    @get(operation_id="getBulkOperations", summary="List bulk operations, newest first")
    async def recent(
        self, reader: FromDishka[PostgresBulkReader], limit: PageLimit = DEFAULT_LIMIT, cursor: PageCursor = None
    ) -> BulkPage:
        return await reader.recent(limit, cursor)

    @get("/{bulk_operation_id:uuid}", operation_id="getBulkOperation", summary="Get a bulk operation's progress")
    async def progress(self, bulk_operation_id: BulkPath, reader: FromDishka[PostgresBulkReader]) -> BulkProgress:
        return await progress_of(reader, bulk_operation_id)

    @get(
        "/{bulk_operation_id:uuid}/items",
        operation_id="getBulkOperationItems",
        summary="List a bulk operation's outcomes by organization",
    )
    async def items(
        self,
        bulk_operation_id: BulkPath,
        reader: FromDishka[PostgresBulkReader],
        outcome: Annotated[ItemOutcome | None, QueryParameter(description="Only items with this outcome.")] = None,
        limit: PageLimit = DEFAULT_LIMIT,
        cursor: PageCursor = None,
    ) -> BulkItemPage:
        page = await reader.items(bulk_operation_id, outcome, limit, cursor)
        if page is None:
            raise not_found(bulk_operation_id)
        return page

    @post(
        "/{bulk_operation_id:uuid}/cancel",
        status_code=202,
        operation_id="cancelBulkOperation",
        opt=refuses(BulkOperationEnded),
        summary="Cancel a bulk operation",
        responses=documented(BulkProgress, 202),
    )
    async def cancel(
        self, bulk_operation_id: BulkPath, requests: FromDishka[BulkRequests], reader: FromDishka[PostgresBulkReader]
    ) -> Response[BulkProgress]:
        """Send no further commands. Those sent already are decided all the same, and their effects stay."""
        await requests.cancel(bulk_operation_id)
        return accepted(await progress_of(reader, bulk_operation_id))

    @post(
        "/{bulk_operation_id:uuid}/retry",
        status_code=202,
        operation_id="retryBulkOperation",
        opt=refuses(BulkOperationUnderWay),
        summary="Retry a bulk operation's failures",
        responses=documented(BulkProgress, 202),
    )
    async def retry(
        self, bulk_operation_id: BulkPath, requests: FromDishka[BulkRequests], reader: FromDishka[PostgresBulkReader]
    ) -> Response[BulkProgress]:
        """Send the refused and the failed again, once the bulk operation has ended."""
        await requests.retry(bulk_operation_id)
        return accepted(await progress_of(reader, bulk_operation_id))


def accepted(progress: BulkProgress) -> Response[BulkProgress]:
    location = f"/api/v1/bulk-operations/{progress.bulk_operation_id}"
    return Response(progress, status_code=202, headers={"Location": location})


async def progress_of(reader: PostgresBulkReader, bulk_operation_id: UUID) -> BulkProgress:
    progress = await reader.progress(bulk_operation_id)
    if progress is None:
        raise not_found(bulk_operation_id)
    return progress
