"""What commands name of other contexts: organizations, modules, templates."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import UUID

from assignments.commands import (
    ApplyIndustryTemplate,
    AssignModule,
    BulkAssignModules,
    Command,
    RestoreAssignments,
    UnassignModule,
    UpdateModuleConfig,
)
from assignments.domain import Assignments, Facts
from assignments.events import ModuleUnassignedEvent, Source
from assignments.state import sources_of, template_sources
from industries.contract import TemplateFact
from shared.messages import stream_name

Work = Sequence[tuple[Assignments, Command]]
Unassignments = Mapping[UUID, ModuleUnassignedEvent]


def organization_ids(commands: Sequence[Command]) -> list[str]:
    """Each organization once, sorted."""
    return sorted({command.organization_id for command in commands})


def restored_operations(commands: Iterable[Command]) -> list[UUID]:
    """The operations whose unassignments are to be taken back."""
    return sorted({command.operation_id for command in commands if isinstance(command, RestoreAssignments)})


def named_versions(work: Work, unassignments: Unassignments) -> Mapping[str, Collection[int]]:
    """The templates the commands depend on, with the versions needed beside the current one.

    A source that an earlier command of the batch records, or a version that it applies, is one that this command names,
    or the current one.
    """
    versions: dict[str, set[int]] = {}

    def add(sources: Iterable[Source]) -> None:
        for source in sources:
            if source.industry_code is not None and source.version is not None:
                versions.setdefault(source.industry_code, set()).add(source.version)

    for state, command in work:
        match command:
            case ApplyIndustryTemplate(industry_code=code, version=version):
                versions.setdefault(code, set()).update([] if version is None else [version])
            case BulkAssignModules(industry_code=str(code)):
                versions.setdefault(code, set()).update([state.templates[code]] if code in state.templates else [])
            case UnassignModule(module_id=module_id):
                add(sources_of(state, module_id))
            case RestoreAssignments(operation_id=operation_id) if operation_id in unassignments:
                for change in unassignments[operation_id].modules:
                    add(change.sources_before)
            case _:
                pass
    return versions


def named_modules(work: Work, templates: Mapping[str, TemplateFact], unassignments: Unassignments) -> set[str]:
    """The modules that commands would assign or whose config they may change.

    By their own body, by the template they apply or by what they take back; applying a template may also move what
    other templates give.
    """
    named: set[str] = set()
    applied: set[tuple[str, int | None]] = set()
    for state, command in work:
        match command:
            case AssignModule(module_id=module_id) | UpdateModuleConfig(module_id=module_id):
                named.add(module_id)
            case BulkAssignModules(module_ids=module_ids):
                named.update(module_ids)
            case RestoreAssignments(operation_id=operation_id) if operation_id in unassignments:
                named.update(change.module_id for change in unassignments[operation_id].modules)
            case ApplyIndustryTemplate(industry_code=code, version=version):
                applied.add((code, version))
                named.update(id_ for id_, held in state.modules.items() if template_sources(held.sources, ()))
            case _:
                pass
    for code, version in applied:
        if (template := templates.get(code)) is not None:
            entries = template.versions.get(template.version if version is None else version, ())
            named.update(entry.module_id for entry in entries)
    return named


def source_versions(
    work: Work, rules: Collection[str], templates: Mapping[str, TemplateFact]
) -> Mapping[str, Collection[int]]:
    """The template versions that sources of modules with rules name, but for those at hand."""
    versions: dict[str, set[int]] = {}
    for state, _ in work:
        for source in (s for id_, held in state.modules.items() if id_ in rules for s in held.sources):
            code, version = source.industry_code, source.version
            if code is None or version is None or (code in templates and version in templates[code].versions):
                continue
            versions.setdefault(code, set()).add(version)
    return versions


def depends_on(state: Assignments, facts: Facts, command: Command) -> Sequence[str]:
    """The streams of other contexts that the decision depends on."""
    work = [(state, command)]
    named = named_versions(work, facts.unassignments)
    codes = {*named, *source_versions(work, facts.rules, facts.templates)}
    modules = named_modules(work, facts.templates, facts.unassignments)
    return [
        stream_name("organizations", command.organization_id),
        *(stream_name("industries", code) for code in sorted(codes)),
        *(stream_name("registry", module_id) for module_id in sorted(modules)),
    ]
