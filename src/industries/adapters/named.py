"""What commands name beside their own template: modules, and names that may be taken."""

from collections.abc import Sequence

from msgspec import UNSET

from industries.commands import Command
from industries.domain import Industry, IndustryFacts, name_key
from shared.messages import stream_name


def named_modules(commands: Sequence[Command]) -> list[str]:
    """The modules that lists name."""
    lists = [getattr(command, "modules", UNSET) for command in commands]
    return sorted({module.module_id for modules in lists if modules is not UNSET for module in modules})


def named_names(commands: Sequence[Command]) -> list[str]:
    """The keys of the names that templates shall have."""
    names = [getattr(command, "industry_name", UNSET) for command in commands]
    return sorted({name_key(name) for name in names if name is not UNSET})


def depends_on(_: Industry, facts: IndustryFacts, command: Command) -> Sequence[str]:
    """The modules' streams, and those of templates that hold the names."""
    holders = {facts.names[key] for key in named_names([command]) if key in facts.names} - {command.industry_code}
    modules = (stream_name("registry", module_id) for module_id in named_modules([command]))
    return [*modules, *(stream_name("industries", code) for code in sorted(holders))]
