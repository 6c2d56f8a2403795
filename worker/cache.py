"""Uploaded datasets on this worker's disk: fetched once, verified, shared by its jobs, and bounded.

What no job reads any more goes when room is needed, the least recently used first. What a job reads stays, however
large it is.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import structlog

from storage import Store

log = structlog.get_logger(__name__)

_READ_ONLY: Final = 0o440


@dataclass(slots=True)
class _Entry:
    """One blob that is there, or on its way."""

    size: int
    users: int = 0
    is_there: bool = False
    fetching: threading.Lock = field(default_factory=threading.Lock)


class DataCache:
    """Blobs below `folder`, at most `most_bytes` of them beyond what is in use. Thread-safe."""

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
        path = self._folder / digest
        entry = self._enter(digest, size)
        try:
            with entry.fetching:  # who needs the same one waits here, and finds it there
                if not entry.is_there:
                    self._store.fetch_to(digest, path)
                    path.chmod(_READ_ONLY)
                    entry.is_there = True
            yield path
        finally:
            self._leave(digest, entry)

    def _enter(self, digest: str, size: int) -> _Entry:
        with self._lock:
            entry = self._entries.setdefault(digest, _Entry(size))
            entry.users += 1
            self._make_room()
            return entry

    def _leave(self, digest: str, entry: _Entry) -> None:
        with self._lock:
            entry.users -= 1
            self._entries.move_to_end(digest)
            if not entry.users and not entry.is_there:
                del self._entries[digest]
            self._make_room()

    def _make_room(self) -> None:
        excess = sum(entry.size for entry in self._entries.values()) - self._most_bytes
        unused = [(digest, entry.size) for digest, entry in self._entries.items() if not entry.users]
        for digest, size in unused:
            if excess <= 0:
                return
            (self._folder / digest).unlink(missing_ok=True)
            del self._entries[digest]
            excess -= size
            log.info("data.dropped", digest=digest, size=size)
