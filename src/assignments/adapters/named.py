"""What commands name of other contexts: organizations, modules, templates."""

from collections.abc import Collection, Mapping, Sequence

from assignments.commands import ApplyIndustryTemplate, AssignModule, BulkAssignModules, Command, UnassignModule
from assignments.domain import Assignments, Facts, TemplateFact
from assignments.state import sources_of
from shared.messages import stream_name


def organization_ids(commands: Sequence[Command]) -> list[str]:
    """Each organization once, sorted."""
    return sorted({command.organization_id for command in commands})


def named_versions(work: Sequence[tuple[Assignments, Command]]) -> Mapping[str, Collection[int]]:
    """The templates the commands depend on, with the versions needed beside the current one.

    A source that an earlier command of the batch records has a version that this command names, or the current one.
    """
    versions: dict[str, set[int]] = {}
    for state, command in work:
        match command:
            case ApplyIndustryTemplate(industry_code=code, version=version):
                versions.setdefault(code, set()).update([] if version is None else [version])
            case BulkAssignModules(industry_code=str(code)):
                versions.setdefault(code, set())
            case UnassignModule(module_id=module_id):
                for source in sources_of(state, module_id):
                    if source.industry_code is not None and source.version is not None:
                        versions.setdefault(source.industry_code, set()).add(source.version)
            case _:
                pass
    return versions


def named_modules(work: Sequence[tuple[Assignments, Command]], templates: Mapping[str, TemplateFact]) -> set[str]:
    """The modules that commands would assign, by their own body or by the template they apply."""
    named: set[str] = set()
    applied: set[tuple[str, int | None]] = set()
    for _, command in work:
        match command:
            case AssignModule(module_id=module_id):
                named.add(module_id)
            case BulkAssignModules(module_ids=module_ids):
                named.update(module_ids)
            case ApplyIndustryTemplate(industry_code=code, version=version):
                applied.add((code, version))
            case _:
                pass
    for code, version in applied:
        if (template := templates.get(code)) is not None:
            entries = template.versions.get(template.version if version is None else version, ())
            named.update(entry.module_id for entry in entries)
    return named


def rests_on(state: Assignments, facts: Facts, command: Command) -> Sequence[str]:
    """The streams of other contexts that the decision depends on."""
    work = [(state, command)]
    return [
        stream_name("organizations", command.organization_id),
        *(stream_name("industries", code) for code in sorted(named_versions(work))),
        *(stream_name("registry", module_id) for module_id in sorted(named_modules(work, facts.templates))),
    ]
