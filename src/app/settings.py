"""What the environment says (`MODPLANE_*`), each value with its bounds."""

import socket
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

Role = Literal["api", "worker", "all"]


class Settings(BaseSettings):
    """One process's settings. URLs hold passwords and are never logged."""

    model_config = SettingsConfigDict(env_prefix="MODPLANE_", env_ignore_empty=True, extra="ignore")

    postgres_url: str = "postgresql://127.0.0.1:5432/modplane"
    kafka_bootstrap: str = "127.0.0.1:9092"
    redis_url: str = "redis://127.0.0.1:6379/0"
    http_host: str = "127.0.0.1"
    http_port: int = Field(default=8000, ge=1, le=65535)
    data_dir: Path = Path(".modplane")
    role: Role = "all"
    replica: str = Field(default="", max_length=100)
    partitions: int = Field(default=8, ge=1, le=1000)
    admin_email: str = ""
    admin_password: SecretStr = SecretStr("")
    cookie_secure: bool = False
    seeds: Path | None = None
    migrate_on_start: bool = False
    command_wait_seconds: float = Field(default=5.0, gt=0, le=60)

    @property
    def replica_id(self) -> str:
        """The same at every start of this replica, so that its consumers take their places back at once."""
        return self.replica or f"{socket.gethostname()}-{self.http_port}"
