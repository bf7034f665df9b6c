"""Templates as the API answers with them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from industries.contract import TemplateObstacle
from industries.events import TemplateModule
from industries.facts import ModuleState
from shared.errors import FieldError


class BlockingModule(Struct, frozen=True):
    """A required module that blocks a template, and why. Its name is null if it was never registered."""

    module_id: str
    module_name: str | None
    state: TemplateObstacle


class IndustryDetails(Struct, frozen=True):
    """An existing template. `sequence` is its stream's, for If-Match.

    The counts are of the current version. An applicable template is active and has no required module that is missing,
    inactive or without a valid config; `blocked_by` names those, `blocking` gives the reasons.
    """

    industry_code: str
    industry_name: str
    description: str
    is_active: bool
    version: int
    module_count: int
    required_count: int
    applicable: bool
    blocked_by: Sequence[str]
    blocking: Sequence[BlockingModule]
    sequence: int
    created_at: datetime
    updated_at: datetime


class IndustryModule(Struct, frozen=True):
    """A module of a template. Name, description and category are null where the registry never had it.

    `icon` and `color` are from the module's metadata, null where it has none. `config_errors`: what its schema finds
    wrong, or missing, in the config that the template alone gives it.
    """

    module_id: str
    module_name: str | None
    description: str | None
    category: str | None
    icon: str | None
    color: str | None
    is_required: bool
    default_config: dict[str, Any]
    display_order: int
    config_errors: Sequence[FieldError]
    state: ModuleState


class IndustryModules(Struct, frozen=True):
    """The modules of a template's current version, in display order. `sequence` is the template's."""

    industry_code: str
    industry_name: str
    is_active: bool
    version: int
    applicable: bool
    blocked_by: Sequence[str]
    blocking: Sequence[BlockingModule]
    sequence: int
    items: Sequence[IndustryModule]


class IndustryVersion(Struct, frozen=True):
    """A published list, in display order. `organizations` have the template applied in this version."""

    version: int
    published_at: datetime
    is_current: bool
    organizations: int
    modules: Sequence[TemplateModule]


class ModuleIndustry(Struct, frozen=True):
    """An existing template whose current version contains a module, and what it gives it."""

    industry_code: str
    industry_name: str
    is_active: bool
    version: int
    is_required: bool
    default_config: dict[str, Any]


class ModuleIndustryPage(Struct, frozen=True):
    """Templates that contain a module, those that require it first. `next_cursor` is null on the last page.

    Both counts are of all pages.
    """

    items: Sequence[ModuleIndustry]
    count: int
    required_count: int
    next_cursor: str | None
