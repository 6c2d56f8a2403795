"""What jobs read, on this worker's disk: made once, shared by its jobs, and bounded.

Uploaded files are fetched and verified; datasets are decoded from them by a sandboxed child, and verified as well. What
no job reads any more goes when room is needed, the least recently used first. What a job reads stays, however large it
is.
"""

from __future__ import annotations

import shutil
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import structlog

from storage import Store

log = structlog.get_logger(__name__)

_READ_ONLY: Final = 0o440
_LOOK_S: Final = 0.2


class GaveUp(Exception):
    """Whoever waited for what another one makes was told to stop."""


@dataclass(slots=True)
class _Entry:
    """One file or folder that is there, or on its way."""

    size: int
    users: int = 0
    is_there: bool = False
    making: threading.Lock = field(default_factory=threading.Lock)


class DataCache:
    """Files and folders below `folder`, at most `most_bytes` of them beyond what is in use. Thread-safe."""

    def __init__(self, folder: Path, store: Store, *, most_bytes: int) -> None:
        self._folder = folder
        self._store = store
        self._most_bytes = most_bytes
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        """The least recently used comes first."""
        self._lock = threading.Lock()

    @contextmanager
    def use(self, digest: str, size: int) -> Iterator[Path]:
        """Yield the path of a blob, which stays there until the end of the block. Raises `storage.StoreError`."""

        def fetch(path: Path) -> int:
            self._store.fetch_to(digest, path)
            path.chmod(_READ_ONLY)
            return size

        with self._use(digest, size, fetch, gives_up=_never) as path:
            yield path

    @contextmanager
    def use_made(self, key: str, make: Callable[[Path], int], *, gives_up: Callable[[], bool]) -> Iterator[Path]:
        """Yield a folder, which stays there until the end of the block.

        `make` is given its path where it is not there yet, and returns its size in bytes. Only one makes it; the others
        wait, and raise `GaveUp` when `gives_up()` says so. What `make` raises goes through, and nothing is kept.
        """
        with self._use(key, 0, make, gives_up=gives_up) as path:
            yield path

    @contextmanager
    def _use(self, key: str, size: int, make: Callable[[Path], int], *, gives_up: Callable[[], bool]) -> Iterator[Path]:
        path = self._folder / key
        entry = self._enter(key, size)
        try:
            _wait_for(entry.making, gives_up)  # who needs the same one waits here, and finds it there
            try:
                if not entry.is_there:
                    self._folder.mkdir(mode=0o700, exist_ok=True)
                    entry.size = make(path)
                    entry.is_there = True
            finally:
                entry.making.release()
            yield path
        finally:
            self._leave(key, entry)

    def _enter(self, key: str, size: int) -> _Entry:
        with self._lock:
            entry = self._entries.setdefault(key, _Entry(size))
            entry.users += 1
            self._make_room()
            return entry

    def _leave(self, key: str, entry: _Entry) -> None:
        with self._lock:
            entry.users -= 1
            self._entries.move_to_end(key)
            if not entry.users and not entry.is_there:
                del self._entries[key]
            self._make_room()

    def _make_room(self) -> None:
        excess = sum(entry.size for entry in self._entries.values()) - self._most_bytes
        unused = [(key, entry.size) for key, entry in self._entries.items() if not entry.users]
        for key, size in unused:
            if excess <= 0:
                return
            _remove(self._folder / key)
            del self._entries[key]
            excess -= size
            log.info("data.dropped", key=key, size=size)


def _wait_for(lock: threading.Lock, gives_up: Callable[[], bool]) -> None:
    while not lock.acquire(timeout=_LOOK_S):
        if gives_up():
            raise GaveUp


def _never() -> bool:
    return False


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
