"""The settings of a process, from `MODPLANE_*` variables, each with its bounds."""

import re
import socket
from collections.abc import Iterator, Mapping
from importlib import import_module
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, Literal, Self, get_args, get_origin

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.environment import PREFIX, cleaned
from shared.postgres.address import ENCODING_ADVICE, one_of, read_address

Role = Literal["api", "worker", "all"]
LogLevel = Literal["debug", "info", "warning"]
Signup = Literal["open", "closed"]
BROKER = re.compile(r"([^\s,:\[\]]+|\[[0-9a-fA-F:.]+\])(:[0-9]{1,5})?")


class Settings(BaseSettings):
    """One process's settings. URLs hold passwords and are never logged."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, extra="ignore")

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

    @model_validator(mode="before")
    @classmethod
    def _normalize(cls, given: Any) -> Any:
        return dict(normalized(given)) if isinstance(given, Mapping) else given

    @field_validator("postgres_url")
    @classmethod
    def _is_an_address_of_postgres(cls, url: str) -> str:
        read_address(url)
        return url

    @field_validator("redis_url")
    @classmethod
    def _is_an_address_of_redis(cls, url: str) -> str:
        # Imported only where an address is given, not at every start.
        redis: Any = import_module("shared.cache.redis_client")
        try:
            redis.Redis.from_url(url).connection_pool.make_connection()
        except (ValueError, TypeError):
            # The library's message may contain a piece of the password.
            raise ValueError(f"is no address of Redis: redis://:password@host:port/0; {ENCODING_ADVICE}") from None
        return url

    @field_validator("kafka_bootstrap")
    @classmethod
    def _names_brokers(cls, brokers: str) -> str:
        if not all(BROKER.fullmatch(each.strip()) for each in brokers.split(",")):
            raise ValueError("must be host:port, or several with commas between them")
        return brokers

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
        """Networks whose connections are not counted by address."""
        return networks_of(self.http_exempt_addresses)

    @property
    def replica_id(self) -> str:
        """The same at every start of this replica, so that its consumers get their partitions back at once."""
        return self.replica or f"{socket.gethostname()}-{self.http_port}"


def networks_of(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Parse addresses and networks, as in `10.0.0.7, 10.1.0.0/16`. Raises `ValueError`."""
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


def normalized(given: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield settings without insignificant blanks, final newlines, and upper case in enumerated values."""
    for name, value in given.items():
        if not isinstance(value, str):
            yield name, value
        elif text := cleaned(name, value):
            yield name, text.lower() if choices(name) else text


def choices(name: str) -> tuple[str, ...]:
    """Return the values of an enumerated or boolean setting; none for others."""
    field = Settings.model_fields.get(name)
    annotation: Any = field.annotation if field is not None else None
    return (
        ("true", "false") if annotation is bool else get_args(annotation) if get_origin(annotation) is Literal else ()
    )


def refused(error: ValidationError) -> Iterator[str]:
    """Describe each unusable setting in a sentence that names the variable, and no value: it may be a secret."""
    for each in error.errors(include_url=False, include_context=False, include_input=False):
        message = each["msg"].removeprefix("Value error, ")
        if not each["loc"]:
            yield message
            continue
        name = str(each["loc"][0])
        allowed = choices(name)
        yield f"{PREFIX}{name.upper()}: {f'must be {one_of(allowed)}' if allowed else message}"
