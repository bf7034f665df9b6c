"""Where the three parts answer, and which of them somebody else runs."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Addresses with their passwords. Never log them."""

    postgres_url: str
    kafka_bootstrap: str
    redis_url: str

    def environment(self) -> dict[str, str]:
        """Render the variables by which the service learns its infrastructure."""
        return {
            "MODPLANE_POSTGRES_URL": self.postgres_url,
            "MODPLANE_KAFKA_BOOTSTRAP": self.kafka_bootstrap,
            "MODPLANE_REDIS_URL": self.redis_url,
        }


@dataclass(frozen=True, slots=True)
class Given:
    """Addresses named from outside; each one replaces the embedded part."""

    postgres_url: str | None = None
    kafka_bootstrap: str | None = None
    redis_url: str | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Given":
        """Read MODPLANE_POSTGRES_URL, MODPLANE_KAFKA_BOOTSTRAP and MODPLANE_REDIS_URL; empty counts as absent."""
        return cls(
            postgres_url=environment.get("MODPLANE_POSTGRES_URL") or None,
            kafka_bootstrap=environment.get("MODPLANE_KAFKA_BOOTSTRAP") or None,
            redis_url=environment.get("MODPLANE_REDIS_URL") or None,
        )
