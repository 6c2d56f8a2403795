"""Removes rows that have served: workers that are gone, and idempotency keys past their day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from db import workers
from db.engine import Database
from db.leases import LEASE_S
from db.sql import Statement

KEEP_GONE_WORKERS_S: Final = 3_600.0
KEEP_IDEMPOTENCY_KEYS_S: Final = 86_400.0

_FORGET_KEYS: Final = Statement("DELETE FROM idempotency_key WHERE created_at < {now} - :older_than_s")


@dataclass(frozen=True, slots=True)
class Counts:
    """Workers marked gone, workers forgotten, keys forgotten."""

    gone: int
    workers: int
    keys: int


def run_once(database: Database) -> Counts:
    """Prune once."""
    with database.begin() as conn:
        gone = workers.mark_gone(conn, older_than_s=2 * LEASE_S)
        forgotten = workers.forget(conn, older_than_s=KEEP_GONE_WORKERS_S)
        keys = _FORGET_KEYS.run(conn, older_than_s=KEEP_IDEMPOTENCY_KEYS_S).rowcount
    return Counts(len(gone), len(forgotten), keys)
