"""Refusals. Their docstrings are the meanings in the API reference."""

from shared.errors import Conflict, Invalid, NotFound


class OrganizationNotFound(NotFound):
    """No organization has this id."""


class OrganizationSuspended(Conflict):
    """The organization is suspended: super admins may correct its assignments, but nothing new is assigned."""


class ModuleNotFound(NotFound):
    """No existing module has the id in the path."""


class IndustryNotFound(NotFound):
    """No template, existing or deleted, has the code in the path."""


class ModuleNotAssigned(NotFound):
    """The organization does not have the module the path names, whether or not the registry knows it."""


class UnknownModules(Invalid):
    """The body names modules that are not registered, or deleted. One pointer each."""


class DuplicateModules(Invalid):
    """The body names a module more than once. One pointer for each repetition."""


class ModuleInactive(Conflict):
    """Modules to be assigned are deactivated; `modules` names all of them."""


class ConfigDiffers(Conflict):
    """The module is assigned with another config; `link` is where it is changed."""


class ConfigTooLarge(Invalid):
    """The organization's config of a module would exceed its bound."""


class ConfigInvalid(Invalid):
    """A module's config would not fit its schema, in ways it did not before; `configs` has the errors by module."""


class ModuleRequired(Conflict):
    """Templates the assignment comes from require the module; `industries` names them, `force` overrules them."""


class UnknownIndustry(Invalid):
    """No existing template has this code."""


class IndustryInactive(Conflict):
    """The template is deactivated and cannot be applied."""


class UnknownVersion(Invalid):
    """The template never had this version."""


class NotInTemplate(Invalid):
    """The body names modules that are not in the version applied, or else the current one. One pointer each."""


class TemplateNotApplicable(Conflict):
    """Required modules cannot be assigned; `modules` names them with the reasons, `errors` has those of configs."""


class UnknownUnassignment(Invalid):
    """The operation unassigned nothing of this organization, or it is so old that its sources are not recorded."""


class AssignedAgain(Conflict):
    """The module is assigned again, but with other sources or config; `modules` names it."""


class RemovedAgain(Conflict):
    """The module was assigned and unassigned again, with another config; `modules` names it."""


class ModuleDeleted(Conflict):
    """The module is no longer in the module registry; `modules` names it."""


class IndustryDeleted(Conflict):
    """A template the module came from is deleted; `industries` names it."""


class TemplateMoved(Conflict):
    """The organization no longer has a template in the version the module came from; `industries` names it."""
