"""The data folder: all that one machine's Trainshed keeps.

.trainshed/trainshed.db   the database          .trainshed/admin.key     the key the CLI uses (0600)
.trainshed/store          artifacts             .trainshed/server.json   where the API listens, while it is up
.trainshed/spool          running attempts      .trainshed/logs          what the processes say
.trainshed/secrets        addresses with passwords, a file each (0600)
"""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

_PRIVATE: Final = 0o700


class AlreadyUp(Exception):
    """Another Trainshed uses this folder."""


class DataFolder:
    """One data folder, locked while its Trainshed is up."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self.logs = self.path / "logs"
        self.secrets = self.path / "secrets"
        self.admin_key = self.path / "admin.key"
        self._lock: int | None = None

    @property
    def database_url(self) -> str:
        return f"sqlite:///{self.path / 'trainshed.db'}"

    @property
    def store(self) -> Path:
        return self.path / "store"

    @property
    def spool(self) -> Path:
        return self.path / "spool"

    def open(self) -> None:
        """Make the folder and lock it. Raises `AlreadyUp`, or OSError when the disk does not let us."""
        for folder in (self.path, self.logs, self.secrets, self.store, self.spool):
            folder.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
        self._lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyUp(self.where()) from error

    def write_secret(self, name: str, value: str) -> None:
        """Keep a value that no environment, argument or log may show."""
        _write_private(self.secrets / f"trainshed_{name}", value)

    def announce(self, url: str) -> None:
        """Tell the CLI where the API listens."""
        _write_private(self.path / "server.json", json.dumps({"url": url, "pid": os.getpid()}))

    def where(self) -> str:
        """Return where the Trainshed of this folder listens, as far as it said so."""
        with suppress(OSError, ValueError, KeyError):
            return str(json.loads((self.path / "server.json").read_text())["url"])
        return "(still starting)"

    def close(self) -> None:
        (self.path / "server.json").unlink(missing_ok=True)
        for secret in self.secrets.glob("trainshed_*"):
            secret.unlink()
        if self._lock is not None:
            os.close(self._lock)


def _write_private(path: Path, text: str) -> None:
    new = path.with_suffix(".new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w") as file:  # noqa: PTH123 - takes a descriptor
        file.write(text)
    new.rename(path)
