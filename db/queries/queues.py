"""How much waits and runs in each pool, and what its workers have: the numbers to scale by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row

from db.sql import Statement

MOST_COUNTED: Final = 10_000
"""Jobs of one pool that are looked at: the queue may hold millions."""
EACH_POOL: Final = """named(pool) AS (
        SELECT min(pool) FROM job WHERE state = 'queued'
        UNION ALL
        SELECT (SELECT min(job.pool) FROM job WHERE state = 'queued' AND job.pool > named.pool)
        FROM named WHERE named.pool IS NOT NULL
    )"""
"""For WITH RECURSIVE: the pools in which jobs wait, from one place of the index to the next. The last one is NULL."""

_QUEUED: Final = Statement(f"""
    WITH RECURSIVE {EACH_POOL}
    SELECT named.pool,
        (SELECT count(*) FROM (
            SELECT 1 FROM job WHERE state = 'queued' AND job.pool = named.pool LIMIT :most) AS counted) AS jobs,
        (SELECT {{now}} - min(not_before) FROM (
            SELECT not_before FROM job WHERE state = 'queued' AND job.pool = named.pool
            ORDER BY priority DESC, not_before LIMIT :most) AS next) AS oldest_s
    FROM named WHERE named.pool IS NOT NULL
""")
_RUNNING: Final = Statement("""
    SELECT pool, count(*) AS jobs FROM job WHERE state = 'running' GROUP BY pool
""")
_SLOTS: Final = Statement("""
    SELECT pool, state, count(*) AS workers, sum(slots) AS slots, sum(busy) AS busy FROM worker
    WHERE state <> 'gone' GROUP BY pool, state
""")


def queued(conn: Connection) -> Sequence[Row[Any]]:
    """Return for each pool the number of queued `jobs`, and since how many seconds one could have been claimed.

    No more than `MOST_COUNTED` jobs of a pool are looked at, those first that are claimed first: so many means that, or
    more.
    """
    return _QUEUED.run(conn, most=MOST_COUNTED).all()


def running(conn: Connection) -> Sequence[Row[Any]]:
    """Return for each pool the number of running `jobs`."""
    return _RUNNING.run(conn).all()


def slots(conn: Connection) -> Sequence[Row[Any]]:
    """Return for each pool and state of workers their number, their `slots` and how many of these are `busy`."""
    return _SLOTS.run(conn).all()
