"""Sources and applied versions never contradict each other, whatever is asked of one organization in any order."""

from collections.abc import Sequence
from functools import reduce
from typing import Any, cast
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule
from msgspec.structs import replace

from assignments.commands import (
    ApplyIndustryTemplate,
    AssignModule,
    BulkAssignModules,
    Command,
    Mode,
    RestoreAssignments,
    UnassignModule,
    UpdateModuleConfig,
)
from assignments.domain import decide
from assignments.events import AssignmentEvent, ModuleUnassignedEvent
from assignments.facts import Facts
from assignments.state import INITIAL, Assignments, evolve
from industries.contract import TemplateFact, TemplateModule
from organizations.contract import OrganizationFact
from shared.errors import Refused
from shared.json.layered_config import ConfigRules
from shared.json.schemas import JsonSchema

ORG = "0190a000-0000-7000-8000-000000000001"
MODULES = ["flour", "oven", "rota", "till"]
CODES = ["bakery", "florist"]
# While a module has this schema, 2 does not fit.
STRICT = ConfigRules({}, JsonSchema({"properties": {"size": {"maximum": 1}}}))

modules, codes = st.sampled_from(MODULES), st.sampled_from(CODES)
modes: st.SearchStrategy[Mode] = st.sampled_from(["add", "add", "replace"])
configs: st.SearchStrategy[dict[str, Any]] = st.sampled_from([{}, {"size": 1}, {"size": 2}])
entries = st.builds(TemplateModule, modules, st.booleans(), configs)
lists = st.lists(entries, min_size=1, max_size=4, unique_by=lambda entry: entry.module_id)


class Provenance(RuleBasedStateMachine):
    """One organization while templates are published, and modules come and go."""

    taken: Bundle[UUID] = Bundle("taken")

    def __init__(self) -> None:
        super().__init__()
        self.state: Assignments = INITIAL
        self.log: list[AssignmentEvent] = []
        self.templates: dict[str, TemplateFact] = {}
        self.unassignments: dict[UUID, ModuleUnassignedEvent] = {}
        self.ruled: set[str] = set()
        self.left_behind: set[tuple[str, str]] = set()

    @initialize(first=lists, second=lists, other=lists)
    def publish_some(
        self, first: list[TemplateModule], second: list[TemplateModule], other: list[TemplateModule]
    ) -> None:
        for code, listed in (("bakery", first), ("bakery", second), ("florist", other)):
            self.publish(code, listed)

    @rule(code=codes, listed=lists)
    def publish(self, code: str, listed: list[TemplateModule]) -> None:
        before = self.templates.get(code, TemplateFact("active", 0, {}))
        version = before.version + 1
        self.templates[code] = TemplateFact("active", version, {**before.versions, version: listed})

    @rule(module_id=modules)
    def rule_or_free(self, module_id: str) -> None:
        self.ruled ^= {module_id}

    @rule(code=codes, back=st.integers(0, 2), mode=modes)
    def apply(self, code: str, back: int, mode: Mode) -> None:
        version = max(1, self.templates[code].version - back) if back else None
        before = self.state
        result = self.ask(ApplyIndustryTemplate(ORG, code, version, mode))
        if result is not None:
            self.left_behind |= {(skip.module_id, code) for skip in result.skipped if skip.module_id in before.modules}

    @rule(code=codes, named=st.lists(modules, min_size=1, max_size=2, unique=True))
    def assign_part(self, code: str, named: list[str]) -> None:
        self.ask(BulkAssignModules(ORG, named, "ada", code))

    @rule(module_id=modules, config=st.none() | configs)
    def assign(self, module_id: str, config: dict[str, Any] | None) -> None:
        command = AssignModule(ORG, module_id, "ada")
        self.ask(command if config is None else replace(command, config=config))

    @rule(module_id=modules, config=configs)
    def configure(self, module_id: str, config: dict[str, Any]) -> None:
        self.ask(UpdateModuleConfig(ORG, module_id, config))

    @rule(target=taken, module_id=modules)
    def unassign(self, module_id: str) -> Any:
        if self.ask(UnassignModule(ORG, module_id, force=True)) is None:
            return multiple()
        operation_id = UUID(int=len(self.unassignments))
        self.unassignments[operation_id] = cast("ModuleUnassignedEvent", self.log[-1])
        return operation_id

    @rule(operation_id=consumes(taken))
    def restore(self, operation_id: UUID) -> None:
        (removal,) = self.unassignments[operation_id].modules
        if self.ask(RestoreAssignments(ORG, operation_id)) is not None:
            held = self.state.modules[removal.module_id]
            assert (held.config, held.sources) == (removal.config, removal.sources_before)

    @invariant()
    def sources_and_applied_versions_agree(self) -> None:
        """What an applied version could not give, and said so, is still there from the version that gave it."""
        other = {
            (module_id, source.industry_code)
            for module_id, held in self.state.modules.items()
            for source in held.sources
            if source.industry_code is not None and source.version != self.state.templates.get(source.industry_code)
        }
        assert other <= self.left_behind
        self.left_behind &= other

    @invariant()
    def every_module_has_one_source_of_a_kind_and_no_config_is_kept_twice(self) -> None:
        assert not self.state.modules.keys() & self.state.kept.keys()
        for held in self.state.modules.values():
            origins = [source.industry_code for source in held.sources]
            assert origins
            assert len(origins) == len(set(origins))

    def teardown(self) -> None:
        assert reduce(evolve, self.log, INITIAL) == self.state

    def ask(self, command: Command) -> Any:
        """What it answers; None when it is refused."""
        try:
            decision = decide(self.state, self.facts(), command)
        except Refused:
            return None
        events = cast("Sequence[AssignmentEvent]", decision.events)
        self.log += events
        self.state = reduce(evolve, events, self.state)
        return decision.result

    def facts(self) -> Facts:
        rules = dict.fromkeys(self.ruled, STRICT)
        return Facts(
            organizations={ORG: OrganizationFact("active", "bakery")},
            modules=dict.fromkeys(MODULES, "active"),
            templates=self.templates,
            rules=rules,
            template_configs={
                (code, version, entry.module_id): entry.default_config
                for code, template in self.templates.items()
                for version, listed in template.versions.items()
                for entry in listed
                if entry.module_id in rules
            },
            unassignments=self.unassignments,
        )


TestProvenance = Provenance.TestCase
TestProvenance.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
