"""Binds bulk operations."""

from dishka import AnyOf, Provider, Scope, provide

from bulk.adapters.http import BulkOperationsController
from bulk.adapters.postgres import PostgresBulkOperations
from bulk.adapters.reading import PostgresBulkReader
from bulk.ports import Claims, Ledger
from bulk.requests import BulkOperations, BulkRequests
from bulk.running import BulkRunner
from shared.ports import Clock, Database
from shared.wiring import Context, ReplicaId


class BulkProvider(Provider):
    """The parts of bulk operations."""

    scope = Scope.APP
    requests = provide(BulkRequests)
    reader = provide(PostgresBulkReader)
    runner = provide(BulkRunner)

    @provide
    def operations(
        self, database: Database, clock: Clock, replica: ReplicaId
    ) -> AnyOf[PostgresBulkOperations, BulkOperations, Claims, Ledger]:
        """Claims are held under the replica's name: a restarted one takes its own back at once."""
        return PostgresBulkOperations(database, clock, replica)


CONTEXT = Context(name="bulk", provider=BulkProvider(), controllers=[BulkOperationsController])
