"""What industries ask of other contexts."""

from dishka import Provider, Scope, provide

import industries.ports
from assignments.adapters.lists import PostgresAppliedTemplates
from registry.adapters.queries import PostgresModuleCatalog


class IndustriesSeams(Provider):
    scope = Scope.APP

    @provide
    def modules(self, modules: PostgresModuleCatalog) -> industries.ports.ModuleCatalog:
        return modules

    @provide
    def applied_templates(self, counts: PostgresAppliedTemplates) -> industries.ports.AppliedTemplates:
        return counts
