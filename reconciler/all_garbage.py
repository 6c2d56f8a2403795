"""All of garbage collection at once, or what it would do."""

from __future__ import annotations

import time
from typing import Final

from db import garbage
from db.engine import Database
from reconciler.collect import SLICES, Collector, Counts, bounds, list_orphans
from reconciler.right_store import is_surely_right
from storage import Store

_MOST: Final = 1_000_000


def collect_all(database: Database, store: Store) -> Counts:
    """Collect all garbage there is. Raises `storage.StoreError`."""
    collector = Collector(database, store)
    total = Counts(0, 0, 0)
    for prefix in SLICES:
        while (counts := collector.collect(prefix)).blobs:
            total = _sum(total, counts)
    return total


def list_all(database: Database, store: Store) -> Counts:
    """Count all garbage there is, and change nothing. Raises `storage.StoreError`."""
    total = Counts(0, 0, 0)
    knows_orphans = is_surely_right(database, store)
    for prefix in SLICES:
        with database.read() as conn:
            rows = garbage.list_garbage(conn, *bounds(prefix), limit=_MOST)
        orphans = list(list_orphans(database, store, prefix, now=time.time())) if knows_orphans else []
        total = _sum(total, Counts(len(rows), 0, sum(row.size for row in rows)))
        total = _sum(total, Counts(len(orphans), len(orphans), sum(orphan.size for orphan in orphans)))
    return total


def _sum(one: Counts, other: Counts) -> Counts:
    return Counts(one.blobs + other.blobs, one.orphans + other.orphans, one.bytes + other.bytes)
