"""What `access` asks of other contexts."""

from dishka import Provider, Scope, provide

import access.ports
from organizations.adapters.queries import PostgresOrganizationDirectory
from shared.eventlog.audit_log import PostgresAuditLog
from shared.ports import OrganizationStatuses


class AccessSeams(Provider):
    scope = Scope.APP

    @provide
    def suspensions(self, directory: PostgresOrganizationDirectory) -> OrganizationStatuses:
        return directory

    @provide
    def audit_log(self) -> access.ports.AccessAuditLog:
        """`access` sends no commands; its direct writes are in the event log all the same."""
        return PostgresAuditLog("access")
