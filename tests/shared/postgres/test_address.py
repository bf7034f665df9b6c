import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncpg
import pytest
from asyncpg.connect_utils import _parse_connect_arguments
from hypothesis import given
from hypothesis import strategies as st

from app.migration.migrate import migrate_database
from shared.postgres.address import CHOICES, TAKEN, PostgresAddress, UnusableAddress, read_address
from shared.postgres.database import PostgresDatabase
from tests.support.databases import new_database

AS_IT_IS = {"statement_cache_size": 0, "max_cached_statement_lifetime": 0, "max_cacheable_statement_size": 0}
NOTHING = dict.fromkeys(
    (
        *("dsn", "host", "port", "user", "password", "passfile", "database", "command_timeout", "ssl", "direct_tls"),
        *("server_settings", "target_session_attrs", "krbsrvname", "gsslib", "service", "servicefile"),
    )
)


@pytest.fixture(autouse=True)
def no_variables_of_libpq(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("HOST", "PORT", "USER", "PASSWORD", "DATABASE", "SSLMODE", "SSLROOTCERT", "TARGETSESSIONATTRS"):
        monkeypatch.delenv(f"PG{name}", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


def drivers_view(address: PostgresAddress, place: Mapping[str, Any]) -> Any:
    """What the driver makes of it; it raises what it would raise before it connects."""
    target = {"target_session_attrs": address.target, "server_settings": dict(address.session)}
    return _parse_connect_arguments(**{**NOTHING, **AS_IT_IS, **address.arguments, **place, **target})


def at(url: str) -> list[tuple[str, int]]:
    return [(place.get("host", ""), place["port"]) for place in read_address(url).hosts]


@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        ("postgresql://db.example/x", [("db.example", 5432)]),
        ("postgres://db.example:7/x", [("db.example", 7)]),
        ("postgresql+asyncpg://db.example/x", [("db.example", 5432)]),
        ("POSTGRESQL+psycopg2://db.example/x", [("db.example", 5432)]),
        ("postgresql://h1:1,h2:2/x", [("h1", 1), ("h2", 2)]),
        ("postgresql://h1,h2/x?port=7", [("h1", 7), ("h2", 7)]),
        ("postgresql://h1,h2:2/x", [("h1", 5432), ("h2", 2)]),
        ("postgresql:///x?host=h1,h2&port=1,2", [("h1", 1), ("h2", 2)]),
        ("postgresql://[::1]:7/x", [("::1", 7)]),
        ("postgresql://[2001:db8::1],h2/x", [("2001:db8::1", 5432), ("h2", 5432)]),
        ("postgresql:///x?host=/var/run/postgresql", [("/var/run/postgresql", 5432)]),
        ("postgresql://%2Fvar%2Frun:7/x", [("/var/run", 7)]),
        ("postgresql://", [("", 5432)]),
        ("postgresql:///x?port=7", [("", 7)]),
    ],
)
def test_hosts_are_read_in_every_form_that_libpq_has(url: str, hosts: list[tuple[str, int]]) -> None:
    assert at(url) == hosts


@pytest.mark.parametrize("password", ["plain", "p@ss/w:o?r#d %", "größer", "+&="])
def test_a_name_and_a_password_are_decoded(password: str) -> None:
    url = f"postgresql://{quote('a@b', safe='')}:{quote(password, safe='')}@h/{quote('d/b', safe='')}"
    account = read_address(url).arguments
    assert (account["user"], account["password"], account["database"]) == ("a@b", password, "d/b")
    assert password not in repr(read_address(url))
    query = f"postgresql://h?user=u&password={quote(password, safe='')}&dbname=d"
    assert read_address(query).arguments == {"user": "u", "password": password, "database": "d"}


def test_what_a_session_is_to_begin_with_is_read() -> None:
    address = read_address(
        "postgresql://u@h/x?application_name=a%20b&options=-c%20search_path%3Dx&connect_timeout=3"
        "&target_session_attrs=read-write&sslmode=require&fallback_application_name=other"
    )
    assert address.session == {"application_name": "a b", "options": "-c search_path=x"}
    assert (address.seconds, address.target) == (3, "read-write")
    addresses, wanted, _ = drivers_view(address, address.hosts[0])
    assert addresses == [("h", 5432)]
    assert wanted.sslmode.name == "require"
    assert wanted.ssl.verify_mode is ssl.CERT_NONE


@pytest.mark.parametrize("url", ["postgresql://u@h/x?sslmode=", "postgresql://u@h/x?ssl=true&application_name="])
def test_an_empty_parameter_is_none(url: str) -> None:
    assert read_address(url).session == {}


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("mysql://h/x", "postgresql://"),
        ("host=h dbname=x", "postgresql://"),
        ("postgresql://u:p%zz@h/x", "password"),
        ("postgresql://u:p%00@h/x", "password"),
        ("postgresql://u:p%ff@h/x", "password"),
        ("postgresql://u:secret/w@h/x", "port"),
        ("postgresql://u:p@h:seven/x", "port"),
        ("postgresql://h:0/x", "port"),
        ("postgresql://h1,h2/x?port=1,2,3", "port"),
        ("postgresql://[::1/x", "host"),
        ("postgresql://h1,,h2/x", "host"),
        ("postgresql://a..b/x", "host"),
        ("postgresql://p@ss@h/x", "host"),
        ("postgresql:///x?host=@abstract", "host"),
        ("postgresql://h/x?sslmode=required", "sslmode"),
        ("postgresql://h/x?sslmode=verify-full", "sslrootcert"),
        ("postgresql://h/x?sslmode=verify-full&sslrootcert=/no/such/file", "sslrootcert"),
        ("postgresql://h/x?sslcert=/no/such/file", "sslcert"),
        ("postgresql://h/x?sslkey=/no/such/file", "sslkey"),
        ("postgresql://h/x?sslnegotiation=direct", "sslnegotiation"),
        ("postgresql://h/x?ssl_min_protocol_version=TLSv9", "ssl_min_protocol_version"),
        ("postgresql://h/x?ssl_max_protocol_version=TLSv1.1", "ssl_max_protocol_version"),
        ("postgresql://h/x?connect_timeout=soon", "connect_timeout"),
        ("postgresql://h/x?target_session_attrs=master", "target_session_attrs"),
        ("postgresql://h/x?channel_binding=require", "channel_binding"),
        ("postgresql://h/x?gssencmode=require", "gssencmode"),
        ("postgresql://h/x?keepalives_idle=30", "keepalives_idle"),
        ("postgresql://h/x?pgbouncer=true", "pgbouncer"),
        ("postgresql://h/x?search_path=a", "search_path"),
        ("postgresql://h/x?sslmode", "sslmode"),
    ],
)
def test_what_cannot_be_honoured_is_refused_by_its_name_and_shows_no_value(url: str, named: str) -> None:
    with pytest.raises(UnusableAddress) as refused:
        read_address(url)
    assert named in str(refused.value)
    assert not {"secret", "zz", "seven", "required", "soon"} & set(str(refused.value).split())


def test_a_certificate_that_is_none_is_told_before_anything_connects(tmp_path: Path) -> None:
    (tmp_path / "no.pem").write_text("no certificate")
    for name in ("sslrootcert", "sslcert"):
        with pytest.raises(UnusableAddress, match=name):
            read_address(f"postgresql://h/x?sslmode=require&{name}={tmp_path}/no.pem")


WORDS = st.one_of(
    st.text(max_size=8),
    st.sampled_from([choice for choices in CHOICES.values() for choice in choices]),
    st.sampled_from(["h", "::1", "[::1]", "/run", "1", "5432", "0", "-1", "%2F", "%", "a,b", "a..b", "é", "\ud800"]),
)
NAMES = st.one_of(st.sampled_from([*TAKEN, "ssl", "service", "hostaddr", "replication"]), st.text(max_size=6))


@given(
    scheme=st.sampled_from(["postgresql", "postgres", "postgresql+asyncpg"]),
    parts=st.lists(WORDS, min_size=4, max_size=4),
    shape=st.sampled_from(["{}:{}@{}/{}", "{}@{}:{}/{}", "{},{}:{}/{}", "{}:{}@[{}]/{}", "/{}{}{}{}", "{}{}{}{}"]),
    query=st.lists(st.tuples(NAMES, WORDS), max_size=4),
    encoded=st.booleans(),
)
def test_every_url_is_understood_by_the_driver_or_refused_in_one_line(
    scheme: str, parts: list[str], shape: str, query: list[tuple[str, str]], *, encoded: bool
) -> None:
    words = [quote(word, safe="", errors="replace") if encoded else word for word in parts]
    pairs = [f"{name}={quote(value, safe=',', errors='replace') if encoded else value}" for name, value in query]
    try:
        address = read_address(f"{scheme}://{shape.format(*words)}?{'&'.join(pairs)}")
    except UnusableAddress as refused:
        lines = str(refused).splitlines()
    else:
        lines = [""]
        for place in address.hosts:
            drivers_view(address, place)
    assert len(lines) == 1


async def test_the_service_and_its_migrations_connect_by_the_same_words(scratch_url: str) -> None:
    async with new_database(scratch_url) as url:
        account, _, rest = url.partition("@")
        place, _, database = rest.partition("/")
        words = "application_name=mine&connect_timeout=4&options=-c%20work_mem%3D5MB&target_session_attrs=read-write"
        libpqs = f"{account}@127.0.0.1:1,{place}/{database}?sslmode=prefer&{words}"
        await migrate_database(libpqs)
        service = PostgresDatabase(libpqs)
        await service.open()
        async with service.reading() as connection:
            shown = [await connection.fetchval(f"SHOW {name}") for name in ("application_name", "work_mem", "role")]
        await service.close()
        assert shown == ["mine", "5MB", "modplane_service"]
        with pytest.raises((OSError, asyncpg.PostgresError)):
            await migrate_database(libpqs.replace("sslmode=prefer", "sslmode=require"))


def test_nothing_connects_but_by_the_one_reader_of_addresses() -> None:
    root = Path(__file__).parents[3] / "src"
    connecting = {
        str(source.relative_to(root)) for source in root.rglob("*.py") if "asyncpg.connect(" in source.read_text()
    }
    assert connecting == {"shared/postgres/address.py"}
