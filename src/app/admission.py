"""Binds what the operator sets about who may come in."""

from dishka import Provider, Scope, provide

from access.ports import AccessSettings
from app.settings import Settings


class AdmissionProvider(Provider):
    """The settings as `access` reads them."""

    scope = Scope.APP

    @provide
    def access_settings(self, settings: Settings) -> AccessSettings:
        """By name."""
        return AccessSettings(cookie_secure=settings.cookie_secure)
