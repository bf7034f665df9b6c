"""What the environment says (`MODPLANE_*`), each value with its bounds."""

import socket
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

Role = Literal["api", "worker", "all"]
LogLevel = Literal["debug", "info", "warning"]
Signup = Literal["open", "closed"]


class Settings(BaseSettings):
    """One process's settings. URLs hold passwords and are never logged."""

    model_config = SettingsConfigDict(env_prefix="MODPLANE_", env_ignore_empty=True, extra="ignore")

    postgres_url: str = "postgresql://127.0.0.1:5432/modplane"
    kafka_bootstrap: str = "127.0.0.1:9092"
    redis_url: str = "redis://127.0.0.1:6379/0"
    http_host: str = "127.0.0.1"
    http_port: int = Field(default=8000, ge=1, le=65535)
    role: Role = "all"
    replica: str = Field(default="", max_length=100)
    partitions: int = Field(default=8, ge=1, le=1000)
    admin_email: str = ""
    admin_password: SecretStr = SecretStr("")
    cookie_secure: bool = False
    oidc_issuer: str = ""
    oidc_audience: str = ""
    oidc_jwks_url: str = Field(default="", pattern=r"^(https?://\S+)?$")
    oidc_role_claim: str = Field(default="role", min_length=1)
    oidc_organization_claim: str = Field(default="org", min_length=1)
    signup: Signup = "open"
    proxy_hops: int = Field(default=0, ge=0, le=10)
    http_connections: int = Field(default=16_384, ge=1, le=1_000_000)
    http_connections_per_address: int = Field(default=1000, ge=0)
    http_exempt_addresses: str = "127.0.0.1,::1"
    http_head_seconds: float = Field(default=10, gt=0, le=3600)
    http_body_seconds: float = Field(default=15, gt=0, le=3600)
    http_idle_seconds: float = Field(default=75, gt=0, le=3600)
    requests_per_address: int = Field(default=30_000, ge=0)
    requests_per_token: int = Field(default=600_000, ge=0)
    sign_in_failures_per_account: int = Field(default=10, ge=0)
    sign_in_failures_per_address: int = Field(default=100, ge=0)
    log_level: LogLevel = "info"
    seeds: Path | None = None
    web: Path | None = None
    migrate_on_start: bool = False

    @model_validator(mode="after")
    def _names_the_whole_issuer(self) -> Self:
        named = [self.oidc_issuer, self.oidc_audience, self.oidc_jwks_url]
        if any(named) and not all(named):
            raise ValueError("Set MODPLANE_OIDC_ISSUER, MODPLANE_OIDC_AUDIENCE and MODPLANE_OIDC_JWKS_URL, or none.")
        return self

    @field_validator("http_exempt_addresses")
    @classmethod
    def _names_networks(cls, text: str) -> str:
        networks_of(text)
        return text

    @property
    def exempt_networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """Whose connections are not counted by address."""
        return networks_of(self.http_exempt_addresses)

    @property
    def replica_id(self) -> str:
        """The same at every start of this replica, so that its consumers take their places back at once."""
        return self.replica or f"{socket.gethostname()}-{self.http_port}"


def networks_of(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Addresses and networks, as in `10.0.0.7, 10.1.0.0/16`. Raises `ValueError`."""
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
