"""Bind the settings of authentication, signup and rate limits."""

from dishka import Provider, Scope, provide

from access.ports import AccessSettings, OidcSettings
from app.settings import Settings
from organizations.ports import SignupSettings
from shared.http.rate_limits import RateLimits, RedisWindows, RequestCounts
from shared.ports import Clock


class AdmissionProvider(Provider):
    scope = Scope.APP
    windows = provide(RedisWindows)

    @provide
    def access_settings(self, settings: Settings) -> AccessSettings:
        return AccessSettings(
            cookie_secure=settings.cookie_secure,
            failures_per_account=settings.sign_in_failures_per_account,
            failures_per_address=settings.sign_in_failures_per_address,
            proxy_hops=settings.proxy_hops,
            oidc=oidc_settings(settings),
        )

    @provide
    def signup_settings(self, settings: Settings) -> SignupSettings:
        return SignupSettings(is_open=settings.signup == "open")

    @provide
    def rate_limits(self, settings: Settings) -> RateLimits:
        return RateLimits(
            per_address=settings.requests_per_address,
            per_token=settings.requests_per_token,
            proxy_hops=settings.proxy_hops,
        )

    @provide
    def request_counts(self, windows: RedisWindows, clock: Clock) -> RequestCounts:
        return RequestCounts(windows, clock)


def oidc_settings(settings: Settings) -> OidcSettings | None:
    if not settings.oidc_issuer:
        return None
    return OidcSettings(
        issuer=settings.oidc_issuer,
        audience=settings.oidc_audience,
        jwks_url=settings.oidc_jwks_url,
        role_claim=settings.oidc_role_claim,
        organization_claim=settings.oidc_organization_claim,
    )
