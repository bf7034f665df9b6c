"""Kafka's jars: pinned by version and SHA-256, fetched once per user, verified at every start."""

import hashlib
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from devstack.errors import StackError, from_os_error

LOCK = Path(__file__).with_name("kafka-jars.lock")
_ATTEMPTS = 2
_TOLD_EVERY = 10


@dataclass(frozen=True, slots=True)
class Jar:
    """One line of the lock: `group:artifact:version sha256`."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def filename(self) -> str:
        """The name under which Maven repositories keep it."""
        return f"{self.artifact}-{self.version}.jar"


Fetch = Callable[[Jar, Path], Path]
Say = Callable[[str], None]


def read_lock(path: Path = LOCK) -> list[Jar]:
    """Read the pinned jars."""
    lines = [
        line.split() for line in path.read_text(encoding="ascii").splitlines() if line and not line.startswith("#")
    ]
    return [_parse(coordinates, digest) for coordinates, digest in lines]


def _parse(coordinates: str, digest: str) -> Jar:
    group, artifact, version = coordinates.split(":")
    return Jar(group, artifact, version, digest)


def cache_directory() -> Path:
    """Return the user's directory for the pinned set, shared by all stacks of that user."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    release = next(jar.version for jar in read_lock() if jar.artifact == "kafka_2.13")
    return Path(base) / "modplane" / f"kafka-{release}"


def fetch_from_maven(jar: Jar, directory: Path) -> Path:
    """Download one jar below `directory` through jgo. Raises whatever its transport raises."""
    from jgo.maven import MavenContext  # noqa: PLC0415 - takes 0.4 s, needed at the first start only

    logging.getLogger("jgo").setLevel(logging.ERROR)
    context = MavenContext(repo_cache=directory, timeout=30)
    artifact = context.project(jar.group, jar.artifact).at_version(jar.version).artifact()
    return Path(str(context.resolver.download(artifact)))


def ensure_jars(directory: Path, jars: list[Jar], say: Say, fetch: Fetch = fetch_from_maven) -> list[Path]:
    """Return the verified files, fetching what is missing or damaged. Raises StackError, one line, without network."""
    directory.mkdir(parents=True, exist_ok=True)
    missing = [jar for jar in jars if not _is_sound(directory / jar.filename, jar)]
    with _workplace(directory) as workplace:
        for done, jar in enumerate(missing, start=1):
            if done % _TOLD_EVERY == 1 or done == len(missing):
                say(f"Fetching Kafka: jar {done} of {len(missing)}")
            _obtain(jar, directory, workplace, fetch)
    return [directory / jar.filename for jar in jars]


def _obtain(jar: Jar, directory: Path, workplace: Path, fetch: Fetch) -> None:
    problem = StackError(f"{jar.filename} never came with the pinned checksum, so it is not used: check the network.")
    for attempt in range(_ATTEMPTS):
        try:
            fetched = fetch(jar, workplace / str(attempt))
        except OSError as error:
            problem = _unreachable(jar, error)
        except RuntimeError as error:
            problem = StackError(f"{jar.filename} could not be fetched: {str(error).splitlines()[0]}")
        else:
            if _is_sound(fetched, jar):
                fetched.replace(directory / jar.filename)
                return
    raise problem


def _unreachable(jar: Jar, error: OSError) -> StackError:
    # The transport's own errors derive from OSError too, but carry no number.
    if error.errno:
        return from_os_error(error)
    reason = (
        "connect to the network once" if type(error).__name__ in {"ConnectionError", "ConnectTimeout"} else "try again"
    )
    return StackError(
        f"Kafka's jars could not be fetched ({jar.filename}: {type(error).__name__}): {reason}, "
        "or set MODPLANE_KAFKA_BOOTSTRAP to a broker of your own.",
    )


def _is_sound(path: Path, jar: Jar) -> bool:
    if not path.exists():
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == jar.sha256


@contextmanager
def _workplace(directory: Path) -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(dir=directory, prefix=".fetching-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
