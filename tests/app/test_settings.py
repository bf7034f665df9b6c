import pytest
from pydantic import ValidationError

from app.settings import Settings


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"MODPLANE_{name.upper()}", raising=False)


def test_the_environment_says_where_everything_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODPLANE_POSTGRES_URL", "postgresql://db/modplane")
    monkeypatch.setenv("MODPLANE_KAFKA_BOOTSTRAP", "kafka:9092")
    monkeypatch.setenv("MODPLANE_REDIS_URL", "redis://cache/1")
    monkeypatch.setenv("MODPLANE_HTTP_PORT", "8080")
    settings = Settings()
    assert (settings.postgres_url, settings.kafka_bootstrap) == ("postgresql://db/modplane", "kafka:9092")
    assert (settings.redis_url, settings.http_port) == ("redis://cache/1", 8080)


def test_an_empty_variable_counts_as_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODPLANE_POSTGRES_URL", "")
    monkeypatch.setenv("MODPLANE_SEEDS", "")
    assert Settings() == Settings.model_construct()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HTTP_PORT", "0"),
        ("HTTP_PORT", "65536"),
        ("HTTP_PORT", "http"),
        ("PARTITIONS", "0"),
        ("PARTITIONS", "1001"),
        ("ROLE", "leader"),
        ("REPLICA", "r" * 101),
        ("MIGRATE_ON_START", "perhaps"),
    ],
)
def test_a_value_out_of_bounds_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"MODPLANE_{name}", value)
    with pytest.raises(ValidationError, match=name.lower()):
        Settings()


def test_a_replica_keeps_its_name_through_restarts_and_differs_from_its_neighbour() -> None:
    assert Settings().replica_id == Settings().replica_id
    assert Settings(http_port=8001).replica_id != Settings(http_port=8002).replica_id
    assert Settings(replica="one").replica_id == "one"


def test_the_super_admins_password_is_not_shown() -> None:
    assert "correct horse" not in repr(Settings.model_validate({"admin_password": "correct horse battery"}))
