"""Why a command on assignments is refused: each class is the sentence that stands in the way."""

from shared.errors import Conflict, Invalid, NotFound


class OrganizationNotFound(NotFound):
    """No organization has this id."""


class OrganizationSuspended(Conflict):
    """The organization is suspended; nothing of it changes until it is reactivated."""


class ModuleNotFound(NotFound):
    """No living module has the id in the path."""


class IndustryNotFound(NotFound):
    """No template, living or deleted, has the code in the path."""


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
    """A module's config would not fit its schema, in ways it did not fail to before; `configs` tells them by module."""


class ModuleRequired(Conflict):
    """Templates the assignment comes from require the module; `industries` names them, `force` overrules them."""


class UnknownIndustry(Invalid):
    """No living template has this code."""


class IndustryInactive(Conflict):
    """The template is deactivated and is not given to anyone."""


class UnknownVersion(Invalid):
    """The template never had this version."""


class NotInTemplate(Invalid):
    """The body names modules that the template's current version does not hold. One pointer each."""


class TemplateNotApplicable(Conflict):
    """Required modules cannot be assigned; `modules` names all of them with the reason, `errors` what of configs."""
