"""Binds bulk operations."""

from dishka import AnyOf, Provider, Scope, provide

from bulk.adapters.http import BulkOperationsController
from bulk.adapters.postgres import PostgresBulkOperations
from bulk.adapters.queries import PostgresBulkReader
from bulk.ports import BulkOperations, Items, Leases
from bulk.requests import BulkRequests
from bulk.running import BulkRunner
from shared.ports import Clock, Database
from shared.wiring import Context, ReplicaId


class BulkProvider(Provider):
    scope = Scope.APP
    requests = provide(BulkRequests)
    reader = provide(PostgresBulkReader)
    runner = provide(BulkRunner)

    @provide
    def operations(
        self, database: Database, clock: Clock, replica: ReplicaId
    ) -> AnyOf[PostgresBulkOperations, BulkOperations, Items, Leases]:
        """Hold leases under the replica's name: a restarted one claims its own again at once."""
        return PostgresBulkOperations(database, clock, replica)


CONTEXT = Context(name="bulk", provider=BulkProvider(), controllers=[BulkOperationsController])
