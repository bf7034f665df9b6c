"""The database's address: a URL in libpq's form, read once, so that every command takes or refuses the same URLs.

asyncpg understands most of libpq's parameters, and takes the others for server settings; SQLAlchemy hands all of them
to the driver as they are. So the URL is read here, and both connect by `PostgresAddress.connect`.
"""

import getpass
import os
import re
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote_to_bytes

import asyncpg

DEFAULT_PORT = 5432
CONNECT_SECONDS = 5.0

SCHEME = re.compile(r"postgres(?:ql)?(?:\+[a-z0-9_]+)?://", re.IGNORECASE)
PARAMETER = re.compile(r"[A-Za-z_]{1,40}")
BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
HOST_AND_PORT = re.compile(r"(?:\[(?P<v6>[^\]]*)\]|(?P<name>[^:\[\]]*))(?::(?P<port>[^:]*))?")

ENCODING_ADVICE = "in a password, / @ : and % are written %2F %40 %3A and %25"
TLS_VERSIONS = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
VERIFYING = ("verify-ca", "verify-full")
CHOICES: Mapping[str, Sequence[str]] = {
    "sslmode": ("disable", "allow", "prefer", "require", *VERIFYING),
    "sslnegotiation": ("postgres", "direct"),
    "ssl_min_protocol_version": TLS_VERSIONS,
    "ssl_max_protocol_version": TLS_VERSIONS,
    "target_session_attrs": ("any", "read-write", "read-only", "primary", "standby", "prefer-standby"),
    "gsslib": ("gssapi",),
    # The driver ignores these parameters, so only the values that describe its behaviour are accepted.
    "gssencmode": ("disable", "allow", "prefer"),
    "channel_binding": ("disable", "prefer"),
    "client_encoding": ("utf8", "UTF8", "utf-8", "UTF-8", "auto"),
    "load_balance_hosts": ("disable",),
    "keepalives": ("0",),
    "sslcertmode": ("allow",),
    "sslcompression": ("0",),
    "sslsni": ("1",),
}
FILES = ("sslrootcert", "sslcert", "sslkey", "sslcrl")
TLS = ("sslmode", *FILES, "sslpassword", "sslnegotiation", "ssl_min_protocol_version", "ssl_max_protocol_version")
TAKEN = {
    *CHOICES,
    *TLS,
    *("host", "port", "user", "password", "dbname", "passfile", "krbsrvname"),
    *("application_name", "fallback_application_name", "options", "connect_timeout"),
}


class UnusableAddress(ValueError):  # noqa: N818 - an answer to whoever wrote the address
    """One line that names the part or the parameter, and shows no value: any may hold a piece of the password."""


@dataclass(frozen=True)
class PostgresAddress:
    """Where the database is and how to connect. `session` are the settings a session begins with."""

    hosts: Sequence[Mapping[str, Any]]
    arguments: Mapping[str, Any] = field(repr=False)
    session: Mapping[str, str]
    target: str | None = None
    seconds: float = CONNECT_SECONDS

    async def connect(self, _: str | None = None, **arguments: Any) -> "asyncpg.Connection[Any]":
        """Connect to the first host that answers and has the wanted role; each gets its share of the time."""
        settings = {**(arguments.pop("server_settings", None) or {}), **self.session}
        seconds = min(arguments.pop("timeout", CONNECT_SECONDS), self.seconds)
        wanted = ["standby", "any"] if self.target == "prefer-standby" else [self.target]
        attempts = [(place, target) for target in wanted for place in self.hosts]
        failure: Exception | None = None
        for place, target in attempts:
            try:
                connection: asyncpg.Connection[Any] = await asyncpg.connect(
                    **{**self.arguments, **place, **arguments},
                    target_session_attrs=target,
                    server_settings=settings,
                    timeout=seconds / len(attempts),
                )
            except (OSError, asyncpg.CannotConnectNowError, asyncpg.TargetServerAttributeNotMatched) as error:
                failure = error
            else:
                return connection
        assert failure is not None  # noqa: S101 - there was an attempt
        raise failure


def read_address(url: str) -> PostgresAddress:
    """Read the URL as libpq does. Raises `UnusableAddress`."""
    scheme = SCHEME.match(url)
    if scheme is None:
        raise UnusableAddress("the address must begin with postgresql:// or postgres://")
    rest = url[scheme.end() :]
    at, slash = rest.find("@"), rest.find("/")
    credentials, rest = (rest[:at], rest[at + 1 :]) if at >= 0 and not 0 <= slash < at else ("", rest)
    location, _, query = rest.partition("?")
    places, _, database = location.partition("/")
    user, _, password = credentials.partition(":")
    given = {
        "user": plain(user, "user"),
        "password": plain(password, "password"),
        "dbname": plain(database, "dbname"),
    }
    parameters = {**{name: value for name, value in given.items() if value}, **parameters_of(query)}
    for name, choices in CHOICES.items():
        if name in parameters and parameters[name] not in choices:
            raise UnusableAddress(f"{name} must be {one_of(choices)}")
    return PostgresAddress(
        hosts=hosts_of(places, parameters),
        arguments={**tls_of(parameters), **account_of(parameters)},
        session=session_of(parameters),
        target=parameters.get("target_session_attrs"),
        seconds=seconds_of(parameters),
    )


def one_of(choices: Sequence[str]) -> str:
    return " or ".join(filter(None, [", ".join(choices[:-1]), choices[-1]]))


def plain(text: str, part: str) -> str:
    if BAD_ESCAPE.search(text):
        raise UnusableAddress(f"{part} has a % that encodes nothing: write %25")
    try:
        decoded = unquote_to_bytes(text.encode()).decode()
    except UnicodeError:
        raise UnusableAddress(f"{part} is not UTF-8") from None
    if "\0" in decoded:
        raise UnusableAddress(f"{part} holds the character NUL")
    return decoded


def parameters_of(query: str) -> dict[str, str]:
    """Read the query; an empty value is none, and of two the last counts."""
    found: dict[str, str] = {}
    for pair in query.split("&") if query else []:
        name, equals, value = pair.partition("=")
        name = plain(name, "a parameter")
        shown = name if PARAMETER.fullmatch(name) else "a parameter"
        if not equals:
            raise UnusableAddress(f"{shown} must be written name=value")
        if name == "ssl" and value == "true":  # libpq accepts this spelling of JDBC
            name, value = "sslmode", "require"
        if name not in TAKEN:
            raise UnusableAddress(
                f"{shown} is not supported here: leave it out (a server's setting is written options=-c%20name%3Dvalue)"
            )
        found[name] = plain(value, name)
    return {name: value for name, value in found.items() if value}


def hosts_of(places: str, parameters: Mapping[str, str]) -> Sequence[Mapping[str, Any]]:
    """Return hosts with their ports, in the order in which they are tried; without a host the driver decides."""
    matches = [HOST_AND_PORT.fullmatch(place) for place in places.split(",")] if places else []
    found = [match for match in matches if match is not None]
    if len(found) != len(matches):
        raise UnusableAddress(f"host is not host, host:port or [IPv6]:port; {ENCODING_ADVICE}")
    hosts = [plain(match["v6"] or match["name"] or "", "host") for match in found]
    ports = [plain(match["port"] or "", "port") for match in found]
    if other := parameters.get("host") or ("" if any(hosts) else os.environ.get("PGHOST")):
        hosts = [host.removeprefix("[").removesuffix("]") for host in other.split(",")]
        ports = ports if len(ports) == len(hosts) else [""]
    if "port" in parameters:
        ports = parameters["port"].split(",")
    hosts, ports = hosts or [""], ports or [""]
    if len(ports) not in {1, len(hosts)}:
        raise UnusableAddress(f"port has {len(ports)} values for {len(hosts)} hosts")
    ports = ports * len(hosts) if len(ports) == 1 else ports
    if hosts == [""]:
        return [{"port": port_of(ports[0])}]
    return [{"host": checked_host(host), "port": port_of(port)} for host, port in zip(hosts, ports, strict=True)]


def checked_host(host: str) -> str:
    """Check that it is a name or address that can be looked up, or a socket's directory."""
    if not host.startswith("/"):
        try:
            well = bool(host) and not host.startswith("@") and bool(host.encode("idna"))
        except UnicodeError:
            well = False
        if not well or re.search(r"[\s,@/]", host):
            raise UnusableAddress("host is no host name, address or socket directory")
    return host


def port_of(text: str) -> int:
    """Read a port; libpq's default when none is given."""
    text = text.strip() or os.environ.get("PGPORT", "").strip() or str(DEFAULT_PORT)
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= 65535):  # noqa: PLR2004 - TCP's last
        raise UnusableAddress(f"port must be a number from 1 to 65535; {ENCODING_ADVICE}")
    return int(text)


def account_of(parameters: Mapping[str, str]) -> Mapping[str, str]:
    user = parameters.get("user") or os.environ.get("PGUSER")
    if not user:
        try:
            user = getpass.getuser()
        except (KeyError, OSError):
            raise UnusableAddress("user is missing: name one before the @") from None
    named = {
        "password": parameters.get("password"),
        "database": parameters.get("dbname"),
        "passfile": parameters.get("passfile"),
        "krbsrvname": parameters.get("krbsrvname"),
        "gsslib": parameters.get("gsslib"),
    }
    return {"user": user, **{name: value for name, value in named.items() if value is not None}}


def session_of(parameters: Mapping[str, str]) -> Mapping[str, str]:
    name = parameters.get("application_name") or parameters.get("fallback_application_name")
    return {
        **({"application_name": name} if name else {}),
        **({"options": parameters["options"]} if "options" in parameters else {}),
    }


def seconds_of(parameters: Mapping[str, str]) -> float:
    """Bound the time for connecting: never longer than a request may wait."""
    text = parameters.get("connect_timeout", "0").strip()
    if not re.fullmatch(r"[-+]?[0-9]{1,9}", text):
        raise UnusableAddress("connect_timeout must be a whole number of seconds")
    return min(float(text), CONNECT_SECONDS) if int(text) > 0 else CONNECT_SECONDS


def tls_of(parameters: Mapping[str, str]) -> Mapping[str, str]:
    """Return what the driver takes about TLS, which it reads from a URL alone."""
    mode, files = parameters.get("sslmode"), {name: parameters[name] for name in FILES if name in parameters}
    if parameters.get("sslnegotiation") == "direct" and mode not in {"require", *VERIFYING}:
        raise UnusableAddress("sslnegotiation=direct needs sslmode=require, verify-ca or verify-full")
    if "sslkey" in files and "sslcert" not in files:
        raise UnusableAddress("sslkey needs sslcert")
    default = Path(os.environ.get("HOME", "/")) / ".postgresql" / "root.crt"
    if mode in VERIFYING and not (files.get("sslrootcert") or os.environ.get("PGSSLROOTCERT") or default.is_file()):
        raise UnusableAddress(f"sslmode={mode} needs sslrootcert, a file with the certificates to trust")
    least = parameters.get("ssl_min_protocol_version", "TLSv1.2")
    most = parameters.get("ssl_max_protocol_version", TLS_VERSIONS[-1])
    if TLS_VERSIONS.index(least) > TLS_VERSIONS.index(most):
        raise UnusableAddress("ssl_min_protocol_version is above ssl_max_protocol_version")
    for name, file in files.items():
        check_file(name, file, files, parameters.get("sslpassword", ""))
    given = {name: parameters[name] for name in TLS if name in parameters}
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in given.items())
    return {"dsn": f"postgresql://?{query}"} if query else {}


def check_file(name: str, file: str, files: Mapping[str, str], password: str) -> None:
    """Raise `UnusableAddress` for what the driver could not load later, without a good message."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        with Path(file).open("rb"):
            pass
        if name in {"sslrootcert", "sslcrl"}:
            context.load_verify_locations(cafile=file)
        elif name == "sslcert":
            key = files.get("sslkey") or next_key()
            context.load_cert_chain(file, keyfile=key, password=lambda: password)
    except ssl.SSLError:
        raise UnusableAddress(f"{name} is no file of that kind in PEM, or its key does not fit") from None
    except OSError as error:
        raise UnusableAddress(f"{name} cannot be read: {error.strerror}") from None


def next_key() -> str | None:
    """Return the key that libpq takes where none is named."""
    with suppress(OSError):
        default = Path(os.environ.get("HOME", "/")) / ".postgresql" / "postgresql.key"
        if default.is_file():
            return str(default)
    return None
