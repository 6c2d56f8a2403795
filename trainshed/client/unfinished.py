"""Remembers uploads that were begun, so that another process may go on with them."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

_KEPT_S: Final = 86_400.0
"""The server gives an upload up after a day without a part."""


def state_folder(environ: Mapping[str, str]) -> Path | None:
    """Return where programs keep what may be lost, after the XDG base directories; None where the user has no home."""
    if environ.get("XDG_STATE_HOME", "").startswith("/"):
        return Path(environ["XDG_STATE_HOME"], "trainshed", "uploads")
    home = environ.get("HOME") or environ.get("USERPROFILE")
    return Path(home, ".local", "state", "trainshed", "uploads") if home else None


class Unfinished:
    """Identifiers of uploads, one small file each. To lose one costs time and nothing else, so no error comes of it."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def find(self, *subject: str) -> str | None:
        """Return the upload that was begun for this subject: server, dataset, file name, SHA-256."""
        path = self._path(subject)
        if path is None:
            return None
        with suppress(OSError, UnicodeDecodeError):
            return path.read_text("utf-8")
        return None

    def keep(self, upload_id: str, *subject: str) -> None:
        """Remember an upload."""
        path = self._path(subject)
        if path is not None:
            with suppress(OSError):
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                self._forget_old(path.parent)
                path.write_text(upload_id, "utf-8")

    def forget(self, *subject: str) -> None:
        """Forget an upload: it has ended."""
        path = self._path(subject)
        if path is not None:
            with suppress(OSError):
                path.unlink(missing_ok=True)

    def _path(self, subject: tuple[str, ...]) -> Path | None:
        name = hashlib.sha256(json.dumps(subject).encode()).hexdigest()
        return None if self._folder is None else self._folder / name

    def _forget_old(self, folder: Path) -> None:
        oldest = time.time() - _KEPT_S
        for path in folder.iterdir():
            if path.stat().st_mtime < oldest:
                path.unlink(missing_ok=True)
