"""Clean the environment before anything reads it: one rule for every `MODPLANE_*` variable, in every command."""

from collections.abc import MutableMapping

PREFIX = "MODPLANE_"
# Leading and trailing blanks of these variables are significant.
VERBATIM = frozenset({"ADMIN_PASSWORD", "DATA_DIR", "SEEDS", "WEB"})


def cleaned(name: str, value: str) -> str:
    """Remove a file's final newline, and blanks around values that have none; `name` is without the prefix."""
    value = value.removesuffix("\n").removesuffix("\r")
    return value if name.upper() in VERBATIM and value.strip() else value.strip()


def clean_environment(environment: MutableMapping[str, str]) -> None:
    """Clean what is set, and take out what is empty: an empty setting is none."""
    for variable in [name for name in environment if name.startswith(PREFIX)]:
        if value := cleaned(variable.removeprefix(PREFIX), environment[variable]):
            environment[variable] = value
        else:
            del environment[variable]
