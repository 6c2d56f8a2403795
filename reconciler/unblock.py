"""The net below the finish of a job: settles blocked jobs whose parents have all finished."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from db import transitions
from db.engine import Database
from db.sql import Statement
from db.transitions import By

_BATCH: Final = 100

_READY: Final = Statement("""
    SELECT job.id FROM job WHERE job.state = 'blocked' AND (
        NOT job.held AND NOT EXISTS (
            SELECT 1 FROM dependency JOIN job AS needed ON needed.id = dependency.needs_id
            WHERE dependency.job_id = job.id AND needed.state <> 'succeeded')
        OR EXISTS (SELECT 1 FROM dependency JOIN job AS needed ON needed.id = dependency.needs_id
                   WHERE dependency.job_id = job.id AND needed.state IN ('failed', 'cancelled')))
    ORDER BY job.id LIMIT :limit
""")


@dataclass(frozen=True, slots=True)
class Counts:
    """Jobs that were settled, and the pools to be told."""

    settled: tuple[str, ...]
    woken_pools: frozenset[str]


def run_once(database: Database, by: By) -> Counts:
    """Settle at most a hundred blocked jobs."""
    with database.read() as conn:
        ready = list(_READY.run(conn, limit=_BATCH).scalars())
    settled: list[str] = []
    pools: set[str] = set()
    for job_id in ready:
        with database.begin() as conn:
            moved = transitions.settle(conn, job_id, by)
            if moved is not None:
                settled.append(job_id)
                pools |= moved.woken_pools
                pools |= transitions.settle_dependents(conn, job_id, by)
    return Counts(tuple(settled), frozenset(pools))
