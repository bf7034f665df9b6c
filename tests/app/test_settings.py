import pytest
from pydantic import ValidationError

from app.environment import clean_environment
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


SAID_IN_MANY_WAYS = (
    ("LOG_LEVEL", "log_level", "warning", ("warning", "WARNING", " Warning \n")),
    ("ROLE", "role", "worker", ("worker", "Worker", "WORKER ")),
    ("COOKIE_SECURE", "cookie_secure", True, ("true", "TRUE", " True", "yes", "ON", "1")),
    ("MIGRATE_ON_START", "migrate_on_start", False, ("false", "FALSE", "No", "off", "0")),
    ("PARTITIONS", "partitions", 3, ("3", " 3 ", "3\n", "3\r\n")),
    ("KAFKA_BOOTSTRAP", "kafka_bootstrap", "a:1,b:2", ("a:1,b:2", " a:1,b:2\n")),
    ("REDIS_URL", "redis_url", "redis://:p@h/0", ("redis://:p@h/0", "redis://:p@h/0\r\n")),
    ("POSTGRES_URL", "postgres_url", "postgresql://u:p@h/d", ("postgresql://u:p@h/d", "postgresql://u:p@h/d\n")),
    ("HTTP_HOST", "http_host", "127.0.0.2", ("127.0.0.2", "127.0.0.2\n")),
    ("ADMIN_EMAIL", "admin_email", "ada@acme.example", ("ada@acme.example\n", " ada@acme.example ")),
)


@pytest.mark.parametrize(("name", "field", "meant", "written"), SAID_IN_MANY_WAYS)
def test_a_setting_means_the_same_however_it_is_written(
    monkeypatch: pytest.MonkeyPatch, name: str, field: str, meant: object, written: tuple[str, ...]
) -> None:
    for value in written:
        monkeypatch.setenv(f"MODPLANE_{name}", value)
        assert getattr(Settings(), field) == meant


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("Correct-horse-9-battery\n", "Correct-horse-9-battery"),
        ("Correct-horse-9-battery\r\n", "Correct-horse-9-battery"),
        ("Correct-horse-9-battery\n\n", "Correct-horse-9-battery\n"),
        (" Correct-horse-9-battery ", " Correct-horse-9-battery "),
        ("\n", ""),
    ],
)
def test_a_password_loses_the_one_newline_of_its_file(monkeypatch: pytest.MonkeyPatch, given: str, meant: str) -> None:
    monkeypatch.setenv("MODPLANE_ADMIN_PASSWORD", given)
    assert Settings().admin_password.get_secret_value() == meant


@pytest.mark.parametrize("empty", ["", " ", "\n", "\r\n", " \t\n"])
def test_an_empty_setting_is_none_whichever_it_is(monkeypatch: pytest.MonkeyPatch, empty: str) -> None:
    names = [f"MODPLANE_{name.upper()}" for name in Settings.model_fields]
    for name in names:
        monkeypatch.setenv(name, empty)
    assert Settings() == Settings.model_construct()
    environment = {**dict.fromkeys(names, empty), "MODPLANE_DATA_DIR": empty, "OTHER": empty}
    clean_environment(environment)
    assert environment == {"OTHER": empty}


def test_the_environment_is_cleaned_as_the_settings_are() -> None:
    environment = {f"MODPLANE_{name}": value for name, _, _, written in SAID_IN_MANY_WAYS for value in written[-1:]}
    environment |= {"MODPLANE_ADMIN_PASSWORD": " p \n", "MODPLANE_DATA_DIR": " d \n", "OTHER": "o\n"}
    clean_environment(environment)
    assert environment["MODPLANE_POSTGRES_URL"] == "postgresql://u:p@h/d"
    assert (environment["MODPLANE_ADMIN_PASSWORD"], environment["MODPLANE_DATA_DIR"]) == (" p ", " d ")
    assert environment["OTHER"] == "o\n"


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
