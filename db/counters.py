"""What workers count for `/metrics`. A total never goes down: what a worker has counted outlives its row.

A worker keeps its counts in its own row, which its heartbeat writes anyway. When the row is removed they are added to
those of its pool. Whoever asks reads both in one statement, so that no count is seen twice or not at all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

from sqlalchemy import Connection

from db.models.base import Json
from db.sql import Statement
from trainshed.states import AttemptOutcome

Counts: TypeAlias = Mapping[str, float]
"""Counted so far, by name."""

CLAIM_SOURCES: Final = ("hint", "poll", "next")
"""How a slot came to look for the job it claimed: told by the broker, by itself, or because its last one had ended."""
START_BOUNDS_S: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, float("inf"))
"""Upper bounds of the buckets that starts are counted in."""

FENCED_WRITES: Final = "fenced_writes"
START_SECONDS: Final = "start_seconds"


def claims_by(source: str) -> str:
    """Return the name of the count of claims by one of `CLAIM_SOURCES`."""
    return f"claims:{source}"


def attempts_with(outcome: AttemptOutcome) -> str:
    """Return the name of the count of attempts that ended so."""
    return f"attempts:{outcome.value}"


def starts_within(bound_s: float) -> str:
    """Return the name of the count of starts in the bucket below one of `START_BOUNDS_S`, and above the one before."""
    return f"starts:{bound_s:g}"


_ADD: Final = Statement("""
    INSERT INTO pool_counter (pool, name, value) VALUES (:pool, :name, :value)
    ON CONFLICT (pool, name) DO UPDATE SET value = pool_counter.value + excluded.value
""")
_ALL: Final = Statement(
    """
    SELECT pool, NULL AS name, 0.0 AS value, counts FROM worker
    UNION ALL SELECT pool, name, value, NULL FROM pool_counter
    """,
    counts=Json,
)


def add(conn: Connection, rows: Iterable[tuple[str, Counts]]) -> None:
    """Add counts to those of their pools, in one order for all, so that two who do cannot block each other."""
    total: dict[tuple[str, str], float] = defaultdict(float)
    for pool, counts in rows:
        for name, value in counts.items():
            total[pool, name] += value
    for pool, name in sorted(total):
        _ADD.run(conn, pool=pool, name=name, value=total[pool, name])


def by_pool(conn: Connection) -> Mapping[str, Counts]:
    """Return what was counted in each pool. Reads the rows of workers and of pools, and those of no job."""
    total: dict[str, dict[str, float]] = {}
    for row in _ALL.run(conn):
        of_pool = total.setdefault(row.pool, defaultdict(float))
        for name, value in (row.counts if row.name is None else {row.name: row.value}).items():
            of_pool[name] += value
    return total
