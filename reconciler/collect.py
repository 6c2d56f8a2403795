"""Takes blobs away that nothing names: first from the store, then from the database.

Digests are gone through in 256 slices, one a run, so that each run is short and lists little. Bytes in the store that
have no row at all, as a crash between the two leaves them, are given one first, with a mark: then they go the same way,
and nobody who stores the same bytes at that moment is robbed of them.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Final

import structlog

from db import garbage
from db.engine import Database
from db.garbage import Marked
from reconciler.right_store import is_surely_right
from storage import Store, StoredBlob

log = structlog.get_logger(__name__)

SLICES: Final = tuple(f"{number:02x}" for number in range(256))
ORPHAN_GRACE_S: Final = 86_400.0
"""Bytes without a row are garbage after this: who stores a large folder names it only at the end."""
_BATCH: Final = 200
_KNOWN_AT_ONCE: Final = 500


class Step(StrEnum):
    """Where a collector stands when it says so. A test stops it there."""

    LISTED = "listed"
    MARKED = "marked"
    ASKED = "asked"
    """Whether a mark is still its own; the bytes go next."""
    DELETED = "deleted"
    FORGOTTEN = "forgotten"


@dataclass(frozen=True, slots=True)
class Counts:
    """What was taken away. `orphans` of the blobs had no row."""

    blobs: int
    orphans: int
    bytes: int


def _go_on(step: Step) -> None:
    return


class Collector:
    """One copy of the collector. Several may run at once, and any may die anywhere."""

    def __init__(
        self,
        database: Database,
        store: Store,
        *,
        clock: Callable[[], float] = time.time,
        at: Callable[[Step], None] = _go_on,
    ) -> None:
        self._database = database
        self._store = store
        self._clock = clock
        self._at = at
        self._turn = secrets.randbelow(len(SLICES))
        """Copies of the reconciler begin in different places."""

    def run_once(self) -> Counts:
        """Collect the next slice, at most some hundred blobs of it. Raises `storage.StoreError`."""
        self._turn = (self._turn + 1) % len(SLICES)
        return self.collect(SLICES[self._turn])

    def collect(self, prefix: str) -> Counts:
        """Collect some garbage whose digest begins with `prefix`, and what dead collectors have marked anywhere."""
        abandoned = self._take_over()
        marked = self._mark(prefix)
        orphans = self._adopt(prefix)
        self._at(Step.MARKED)
        deleted = [each for each in (*abandoned, *marked, *orphans) if self._delete(each)]
        self._at(Step.DELETED)
        if deleted:
            with self._database.begin() as conn:
                for each in sorted(deleted, key=lambda marked: marked.sha256):
                    garbage.forget(conn, each)
        self._at(Step.FORGOTTEN)
        return Counts(len(deleted), len(set(orphans) & set(deleted)), sum(each.size for each in deleted))

    def _take_over(self) -> list[Marked]:
        with self._database.read() as conn:  # a look costs no write lock
            if not garbage.has_abandoned(conn):
                return []
        with self._database.begin() as conn:
            return garbage.take_over(conn)

    def _mark(self, prefix: str) -> list[Marked]:
        first, stop = bounds(prefix)
        with self._database.read() as conn:
            if not garbage.list_garbage(conn, first, stop, limit=1):
                return []
        self._at(Step.LISTED)
        with self._database.begin() as conn:
            return garbage.mark(conn, first, stop, limit=_BATCH)

    def _adopt(self, prefix: str) -> list[Marked]:
        orphans = list(islice(list_orphans(self._database, self._store, prefix, now=self._clock()), _BATCH))
        if not orphans:
            return []
        if not is_surely_right(self._database, self._store):
            log.warning("orphans.left", slice=prefix, remedy="this store has no blob that the database names")
            return []
        self._at(Step.LISTED)
        with self._database.begin() as conn:
            adopted = [garbage.adopt(conn, orphan.digest, orphan.size) for orphan in orphans]
        return [each for each in adopted if each is not None]

    def _delete(self, marked: Marked) -> bool:
        with self._database.read() as conn:
            if not garbage.is_mine(conn, marked):
                return False
        self._at(Step.ASKED)
        self._store.delete(marked.sha256)
        return True


def list_orphans(database: Database, store: Store, prefix: str, *, now: float) -> Iterator[StoredBlob]:
    """Yield what is old in the store and has no row."""
    old = (blob for blob in store.scan(prefix) if blob.modified_at < now - ORPHAN_GRACE_S)
    while some := list(islice(old, _KNOWN_AT_ONCE)):
        with database.read() as conn:
            unknown = garbage.unknown(conn, _digests(some))
        yield from (blob for blob in some if blob.digest in unknown)


def bounds(prefix: str) -> tuple[str, str]:
    """Return the first digest that begins with `prefix`, and what is larger than the last one."""
    return prefix, prefix + "g"


def _digests(blobs: Sequence[StoredBlob]) -> list[str]:
    return [blob.digest for blob in blobs]
