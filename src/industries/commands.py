"""The commands of the industry templates. Key: industry_code."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from industries.events import TemplateModule
from shared.text.forms import LINE, LINES

IndustryName = Annotated[str, Meta(min_length=1, max_length=200, extra=LINE)]
Description = Annotated[str, Meta(max_length=4000, extra=LINES)]
TemplateModules = Annotated[list[TemplateModule], Meta(max_length=2000)]


class CreateIndustry(Struct, frozen=True, tag="create_industry"):
    """A super admin publishes a template, or brings a deleted code back. `modules` is in display order.

    Unchanged when the existing template has exactly these values. Refused when it has others, when an existing template
    has the name, when a module is named twice or is not registered.
    """

    industry_code: str
    industry_name: IndustryName
    description: Description
    is_active: bool = True
    modules: TemplateModules = []


class UpdateIndustry(Struct, frozen=True, tag="update_industry"):
    """A super admin changes a template. Fields left out keep their value; `modules` replaces the whole list.

    A changed list becomes the next version. Unchanged without a difference. Refused when the template is absent or
    deleted, when another template has the name, when a module is named twice or newly named and not registered.
    """

    industry_code: str
    industry_name: IndustryName | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET
    modules: TemplateModules | UnsetType = UNSET


class DeleteIndustry(Struct, frozen=True, tag="delete_industry"):
    """A super admin ends a template, also one in use: assignments stay. Refused when it is absent or deleted."""

    industry_code: str


Command = CreateIndustry | UpdateIndustry | DeleteIndustry
