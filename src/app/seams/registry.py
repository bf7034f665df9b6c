"""What the registry asks of other contexts."""

from dishka import Provider, Scope, provide

import registry.ports
from assignments.adapters.lists import PostgresAssignedModules
from assignments.adapters.violations import ConfigViolations
from industries.adapters.queries import PostgresTemplateCatalog


class RegistrySeams(Provider):
    scope = Scope.APP

    @provide
    def assigned_modules(self, counts: PostgresAssignedModules) -> registry.ports.AssignedModules:
        return counts

    @provide
    def template_modules(self, templates: PostgresTemplateCatalog) -> registry.ports.TemplateModules:
        return templates

    @provide
    def config_violations(self, violations: ConfigViolations) -> registry.ports.ConfigViolations:
        return violations
