"""The enum `ModuleType`, for the report of how far it is from the registry. Nothing else may ask for it."""

from collections.abc import Sequence

from registry.module_type import ModuleType


def enumerated() -> Sequence[str]:
    """The ids the enum has."""
    return [member.value for member in ModuleType]
