"""Ends jobs that waited in the queue for longer than their `timeout.queue`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from db import transitions
from db.engine import Database
from db.sql import Statement
from db.transitions import By

_BATCH: Final = 100

# The clock is asked once, in a SELECT of its own: what may change from row to row no index is searched for.
_LATE: Final = Statement("""
    SELECT EXISTS (SELECT 1 FROM job
        WHERE state = 'queued' AND queue_timeout_s IS NOT NULL AND queued_at + queue_timeout_s < (SELECT {now}))
""")


@dataclass(frozen=True, slots=True)
class Counts:
    """Jobs that were ended."""

    expired: tuple[str, ...]


def run_once(database: Database, by: By) -> Counts:
    """End at most a hundred."""
    with database.read() as conn:
        if not _LATE.run(conn).scalar_one():
            return Counts(())
    with database.begin() as conn:
        return Counts(tuple(transitions.expire(conn, by, limit=_BATCH)))
