"""How much waits and runs in each pool, and what its workers have: the numbers to scale by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row

from db.sql import Statement

_QUEUED: Final = Statement("""
    SELECT pool, count(*) AS jobs, {now} - min(not_before) AS oldest_s FROM job WHERE state = 'queued' GROUP BY pool
""")
_RUNNING: Final = Statement("""
    SELECT pool, count(*) AS jobs FROM job WHERE state = 'running' GROUP BY pool
""")
_SLOTS: Final = Statement("""
    SELECT pool, state, count(*) AS workers, sum(slots) AS slots, sum(busy) AS busy FROM worker
    WHERE state <> 'gone' GROUP BY pool, state
""")


def queued(conn: Connection) -> Sequence[Row[Any]]:
    """Return for each pool the number of queued `jobs`, and since how many seconds one could have been claimed."""
    return _QUEUED.run(conn).all()


def running(conn: Connection) -> Sequence[Row[Any]]:
    """Return for each pool the number of running `jobs`."""
    return _RUNNING.run(conn).all()


def slots(conn: Connection) -> Sequence[Row[Any]]:
    """Return for each pool and state of workers their number, their `slots` and how many of these are `busy`."""
    return _SLOTS.run(conn).all()
