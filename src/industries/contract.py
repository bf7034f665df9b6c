"""What other contexts may import of industries beside their events."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct

from industries.events import TemplateModule

__all__ = ["IndustryFact", "TemplateFact", "TemplateModule", "TemplateObstacle", "TemplateOfModule", "TemplateStatus"]

TemplateStatus = Literal["active", "inactive", "deleted"]
TemplateObstacle = Literal["inactive", "missing", "config_invalid"]
"""Why a module of a template cannot be assigned."""


class IndustryFact(Struct, frozen=True):
    """A template. `blocked_by`: its required modules that cannot be assigned, and why not."""

    status: TemplateStatus
    industry_name: str
    version: int
    blocked_by: Mapping[str, TemplateObstacle] = {}


class TemplateFact(Struct, frozen=True):
    """A template: its current version, and the modules of some versions in display order."""

    status: TemplateStatus
    version: int
    versions: Mapping[int, Sequence[TemplateModule]]


class TemplateOfModule(Struct, frozen=True):
    industry_code: str
    industry_name: str
    version: int
    is_required: bool
    default_config: dict[str, Any]
