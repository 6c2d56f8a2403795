"""Turns the logs of finished jobs from chunks into one blob each.

It waits for `QUIET_S` after the end of a job. The log of a worker that died is handed in by the next one on its disk,
mostly within seconds of its start, so that hardly any log is compacted twice. What comes later still is not lost: it
waits behind the blob (`db.reports.append_log`) and is put in by the same rule.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Final

import structlog

from db import compaction
from db.blobs import store_for_keeps
from db.compaction import Log, Place
from db.engine import Database
from reconciler.right_store import is_right
from storage import BlobRef, Store
from trainshed.errors import TrainshedError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

log = structlog.get_logger(__name__)

QUIET_S: Final = 600.0
_FOR_S: Final = 5.0
_LOOK_AT: Final = 500
"""Attempts that are looked at in one run: some of those with chunks still run."""
_BEGINNING: Final = Place("", 0)


@dataclass(frozen=True, slots=True)
class Counts:
    """Logs that became a blob, and their size."""

    logs: int
    bytes: int


class Compactor:
    """Goes round and round over the logs that have chunks."""

    def __init__(
        self,
        database: Database,
        store: Store,
        *,
        quiet_s: float = QUIET_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._store = store
        self._quiet_s = quiet_s
        self._clock = clock
        self._after = _BEGINNING

    def run_once(self) -> Counts:
        """Compact for some seconds; a log that was begun is brought to its end."""
        until = self._clock() + _FOR_S
        sizes: list[int] = []
        for found in self._settled():
            if not is_right(self._database, self._store):
                log.error("compaction.refused", remedy="this store has none of our blobs: correct TRAINSHED_STORE_URL")
                break
            try:
                sizes.extend(self._settle(found))
            except (TrainshedError, Gap) as error:
                log.warning(
                    "compaction.failed", job_id=found.place.job_id, attempt=found.place.attempt, error=str(error)
                )
            if self._clock() > until:
                break
        return Counts(len(sizes), sum(sizes))

    def _settled(self) -> Iterator[Log]:
        for _ in range(_LOOK_AT):
            with self._database.read() as conn:
                place = compaction.next_place(conn, self._after)
                found = place and compaction.describe(conn, place, quiet_s=self._quiet_s)
            self._after = place or _BEGINNING
            if place is None:
                return
            if found and found.settled:
                yield found

    def _settle(self, found: Log) -> Iterator[int]:
        """Yield the size of the log when it has become a blob."""
        if found.has_news:
            blob = store_for_keeps(self._database, lambda: self._put(found), self._store.exists)
            with self._database.begin() as conn:
                if not compaction.compact(conn, found, sha256=blob.digest, size=blob.size):
                    return
            yield blob.size
        self._drop_chunks(found)

    def _put(self, found: Log) -> BlobRef:
        return self._store.put_file(io.BufferedReader(_Joined(self._pieces(found))))

    def _pieces(self, found: Log) -> Iterable[bytes]:
        if found.log_sha256 is None:
            return self._chunks(found, 0)
        return chain(self._store.open(found.log_sha256), self._chunks(found, found.log_bytes))

    def _chunks(self, found: Log, start: int) -> Iterator[bytes]:
        """Yield one chunk after the other, each from a look of its own: nothing waits for the store."""
        while start < found.end:
            with self._database.read() as conn:
                chunk = compaction.read_chunk(conn, found.place, start)
            if not chunk:
                raise Gap(f"no chunk begins at byte {start}")
            yield chunk
            start += len(chunk)

    def _drop_chunks(self, found: Log) -> None:
        more = True
        while more:
            with self._database.begin() as conn:
                more = compaction.drop_chunks(conn, found.place, stop=found.end)


class Gap(Exception):
    """The chunks of a log do not follow each other, or it has been removed meanwhile."""


class _Joined(io.RawIOBase):
    """Reads pieces as one file."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._held = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        while not self._held:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._held = piece
        room = memoryview(buffer)
        count = min(len(room), len(self._held))
        room[:count], self._held = self._held[:count], self._held[count:]
        return count
