"""The data directory: its lock, its record of ports and passwords, and room on its disk."""

import fcntl
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from devstack.endpoints import Endpoints
from devstack.errors import StackError

_NEEDED_BYTES = 512 * 1024 * 1024


def write_private(path: Path, text: str) -> None:
    """Replace a file at once, readable by its owner alone."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


class DataDirectory:
    """One stack's directory. `claim` before use: two stacks never share one."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self._lock = -1

    @property
    def logs(self) -> Path:
        """Where the parts' logs go."""
        return self.path / "logs"

    def claim(self) -> bool:
        """Take the lock and check the disk; False when held already. Raises StackError, naming another holder."""
        if self._lock >= 0:
            return False
        self.logs.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path.chmod(0o700)
        if shutil.disk_usage(self.path).free < _NEEDED_BYTES:
            raise StackError(f"The disk under {self.path} has less than 512 MB left: free some space and start again.")
        lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise StackError(f"{self.path} is in use by process {self.holder() or '?'}: stop it first.") from None
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)
        self._lock = lock
        return True

    def release(self) -> None:
        """Give the lock back. Idempotent."""
        if self._lock >= 0:
            os.ftruncate(self._lock, 0)
            os.close(self._lock)
            self._lock = -1

    def holder(self) -> int | None:
        """Return the process that holds the lock; None when nobody does, whatever the file says."""
        try:
            lock = os.open(self.path / "lock", os.O_RDWR)
        except OSError:
            return None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(os.pread(lock, 20, 0) or b"0")
        else:
            return None
        finally:
            os.close(lock)

    def record(self) -> dict[str, Any]:
        """Read stack.json; what is missing or damaged reads as empty."""
        try:
            content = json.loads((self.path / "stack.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}

    def remember(self, content: Mapping[str, Any]) -> None:
        """Write stack.json, which holds passwords, for its owner alone."""
        write_private(self.path / "stack.json", json.dumps(content, indent=2) + "\n")


def admin_account(directory: Path, environment: Mapping[str, str]) -> tuple[str, str]:
    """Return the super admin's e-mail and password: given ones, else made once and kept in admin.json."""
    email, password = environment.get("MODPLANE_ADMIN_EMAIL"), environment.get("MODPLANE_ADMIN_PASSWORD")
    if email and password:
        return email, password
    path = directory / "admin.json"
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        made = str(kept["email"]), str(kept["password"])
    except FileNotFoundError:
        made = email or "admin@modplane.local", password or secrets.token_urlsafe(18)
        write_private(path, json.dumps({"email": made[0], "password": made[1]}, indent=2) + "\n")
    except (ValueError, KeyError, TypeError):
        raise StackError(f"{path} is damaged: repair it (keys email, password) or remove it.") from None
    return email or made[0], password or made[1]


def endpoints_of(data_dir: Path) -> Endpoints | None:
    """Return the addresses of a stack that runs on this directory, for tools beside it; None when none runs."""
    directory = DataDirectory(data_dir)
    kept = directory.record().get("endpoints")
    return Endpoints(**kept) if kept and directory.holder() is not None else None
