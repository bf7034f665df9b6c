"""The super admin whom the settings name: judged before anything starts that would have no use for the person."""

from access.domain import InvalidEmail, UnacceptablePassword, valid_email, valid_password
from app.output import CommandFailed


def check_named_admin(email: str, password: str) -> None:
    """Raises `CommandFailed`, naming the variable. An empty one is not given, and not judged."""
    try:
        variable = "MODPLANE_ADMIN_EMAIL"
        if email:
            valid_email(email)
        variable = "MODPLANE_ADMIN_PASSWORD"
        if password:
            valid_password(password)
    except (InvalidEmail, UnacceptablePassword) as refused:
        raise CommandFailed("super_admin_unusable", f"{variable} cannot be used: {refused.detail}") from None


def check_whole_admin(email: str, password: str) -> None:
    """Raises `CommandFailed` unless both can be used, or neither is given."""
    if bool(email) != bool(password):
        raise CommandFailed("super_admin_unusable", "Set MODPLANE_ADMIN_EMAIL and MODPLANE_ADMIN_PASSWORD, or neither.")
    check_named_admin(email, password)
