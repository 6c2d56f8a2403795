"""Looks whether the database and the store are as they must be. Nothing is changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import randrange
from typing import Final

from db.engine import Database
from db.migrate import is_current
from db.queries import invariants
from reconciler.collect import SLICES, bounds, list_orphans
from reconciler.right_store import is_right
from storage import BlobCorrupt, BlobMissing, Store

_MOST: Final = 100
"""So many findings of a kind are shown."""
_COLLECTED_WITHIN_S: Final = 21_600.0
"""Orphans past their grace are not reported before the collector had time for them."""
_RESTORE_STORE: Final = (
    "Restore these bytes from a backup of the store; until then whoever asks for them gets an error."
)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it must be."""

    code: str
    subject: str
    message: str
    remedy: str


def check_database(database: Database) -> Iterator[Finding]:
    """Yield what is wrong with the database. One of another version is not looked into."""
    if not is_current(database):
        remedy = "Run the migrations: alembic upgrade head. `trainshed up` does so when it starts."
        yield Finding("schema", "database", "its schema is not the one of this version", remedy)
        return
    with database.read() as conn:
        for problem in invariants.list_damage(conn, limit=_MOST):
            yield Finding("database_damaged", "database", problem, "Restore the database from a backup.")
    for invariant in invariants.INVARIANTS:
        with database.read() as conn:
            broken = invariants.list_broken(conn, invariant, limit=_MOST + 1)
        for subject in broken[:_MOST]:
            yield Finding(invariant.code, subject, invariant.message, invariant.remedy)
        if len(broken) > _MOST:
            yield Finding(invariant.code, "...", "there are more of these", invariant.remedy)


def check_store(database: Database, store: Store, *, now: float) -> Iterator[Finding]:
    """Yield blobs that the store has not, or not in their size, and those that are there for nothing."""
    if not is_right(database, store):
        remedy = "Correct TRAINSHED_STORE_URL, or restore the store from a backup."
        yield Finding("store_wrong", "store", "it has none of the blobs that were looked for", remedy)
        return
    orphans = size = 0
    for prefix in SLICES:
        yield from _check_slice(database, store, prefix)
        for orphan in list_orphans(database, store, prefix, now=now - _COLLECTED_WITHIN_S):
            orphans, size = orphans + 1, size + orphan.size
    if orphans:
        message = f"{orphans} blobs ({size} bytes) that the database does not know"
        yield Finding("orphans", "store", message, "Run `trainshed admin gc`, and see that a reconciler runs.")


def _check_slice(database: Database, store: Store, prefix: str) -> Iterator[Finding]:
    there = {blob.digest: blob.size for blob in store.scan(prefix)}
    with database.read() as conn:
        rows = invariants.list_blobs(conn, *bounds(prefix))
    for row in rows:
        if row.named and there.get(row.sha256) != row.size:
            # It may have come, or gone for good, since the store was listed.
            yield from _check_blob(database, store, row.sha256, row.size)


def _check_blob(database: Database, store: Store, sha256: str, size: int) -> Iterator[Finding]:
    with database.read() as conn:
        if not invariants.is_named(conn, sha256):
            return
    try:
        found = store.size(sha256)
    except BlobMissing:
        yield Finding("blob_missing", sha256, "its bytes are not in the store", _RESTORE_STORE)
        return
    if found != size:
        yield Finding("blob_cut", sha256, f"it has {found} bytes in the store and should have {size}", _RESTORE_STORE)


@dataclass(frozen=True, slots=True)
class Pace:
    """How far the reading of blobs has come."""

    blobs: int
    of: int
    bytes: int


def check_digests(
    database: Database, store: Store, *, limit: int | None, tell: Callable[[Pace], None]
) -> Iterator[Finding]:
    """Read named blobs, at most `limit` of them, and yield those whose bytes are not those of their digest.

    It begins anywhere, so that many short checks see all.
    """
    with database.read() as conn:
        total = invariants.count_named(conn)
    of = total if limit is None else min(limit, total)
    done = size = 0
    begin = randrange(len(SLICES))  # noqa: S311 - no secret
    for prefix in (*SLICES[begin:], *SLICES[:begin]):
        with database.read() as conn:
            rows = [row for row in invariants.list_blobs(conn, *bounds(prefix)) if row.named]
        for row in rows:
            if done >= of:
                return
            yield from _read(database, store, row.sha256)
            done, size = done + 1, size + row.size
            tell(Pace(done, of, size))


def _read(database: Database, store: Store, sha256: str) -> Iterator[Finding]:
    try:
        for _ in store.open(sha256):
            pass
    except BlobCorrupt:
        yield Finding("blob_corrupt", sha256, "its bytes have another digest", _RESTORE_STORE)
    except BlobMissing:
        return  # that has been said, unless it was removed meanwhile
