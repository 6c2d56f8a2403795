"""What a person wants to know of a project at a glance.

Each statement walks along an index and ends at a limit: it costs the same with a million jobs as with a thousand.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row

from db.sql import Statement
from trainshed.series import SYSTEM_CPU

MOST_COUNTED: Final = 10_000
"""Jobs of one state that are counted."""
MOST_ENDED: Final = 5_000
"""Jobs that ended lately and are looked at."""
_LOOKED_AT: Final = 500
"""Rows of one state that are looked at for those that need attention."""


def _some(state: str) -> str:
    return f"""(SELECT count(*) FROM (
        SELECT 1 FROM job WHERE project_id = :project_id AND state = '{state}' LIMIT :most) AS counted) AS {state}"""


_COUNTS: Final = Statement(f"SELECT {', '.join(map(_some, ('running', 'queued', 'blocked', 'paused')))}")
# The clock as a query of its own: read for each row, it could not bound the walk along the index.
_ENDED_LATELY: Final = """
    SELECT id, name, state, reason, message, finished_at FROM job
    WHERE project_id = :project_id AND finished_at > (SELECT {now} - :within_s)
    ORDER BY finished_at DESC LIMIT :most
"""
# A cast cuts off in one database and rounds in the other.
_ENDED: Final = Statement(f"""
    SELECT CAST(round(({{now}} - finished_at) / 60 - 0.5) AS integer) AS minutes_ago, state,
        count(*) AS jobs
    FROM ({_ENDED_LATELY}) AS ended GROUP BY 1, 2
""")
_FAILED: Final = Statement(f"""
    SELECT * FROM ({_ENDED_LATELY}) AS ended WHERE state = 'failed' ORDER BY finished_at DESC LIMIT :limit
""")
_WAITING: Final = Statement("""
    SELECT * FROM (
        SELECT id, name, pool, CASE WHEN not_before > queued_at THEN not_before ELSE queued_at END AS since FROM job
        WHERE project_id = :project_id AND state = 'queued' ORDER BY id LIMIT :most) AS first
    WHERE since < {now} - :longer_than_s ORDER BY since LIMIT :limit
""")
# A series of the worker's own tells whether a job that says nothing does anything (`worker.usage`).
_TROUBLED: Final = Statement(f"""
    SELECT job.id, job.name, job.attempt, job.owner, attempt.started_at, before.outcome, before.message,
        before.ended_at, cpu.last_value < :idle_cpus AND attempt.started_at < {{now}} - :idle_after_s AS idle
    FROM (SELECT * FROM job WHERE project_id = :project_id AND state = 'running' ORDER BY id DESC LIMIT :most) AS job
    JOIN attempt ON attempt.job_id = job.id AND attempt.number = job.attempt
    LEFT JOIN attempt AS before ON before.job_id = job.id AND before.number = job.attempt - 1 AND before.charged
    LEFT JOIN metric_series AS cpu ON cpu.job_id = job.id AND cpu.name = '{SYSTEM_CPU}'
    WHERE before.number IS NOT NULL OR (cpu.last_value < :idle_cpus AND attempt.started_at < {{now}} - :idle_after_s)
    ORDER BY job.id DESC LIMIT :limit
""")
_LOST: Final = Statement("""
    SELECT id, name, host, pool, last_seen_at FROM worker WHERE lost AND last_seen_at > {now} - :within_s
        AND NOT EXISTS (SELECT 1 FROM worker AS other WHERE other.name = worker.name AND other.state = 'active')
    ORDER BY last_seen_at DESC LIMIT :limit
""")


def counts(conn: Connection, project_id: str) -> dict[str, int]:
    """Return how many jobs are `running`, `queued`, `blocked` and `paused`: `MOST_COUNTED` of each at most."""
    return dict(_COUNTS.run(conn, project_id=project_id, most=MOST_COUNTED).mappings().one())


def ended(conn: Connection, project_id: str, *, within_s: float) -> Sequence[Row[Any]]:
    """Return how many `jobs` ended in which `state`, so many whole `minutes_ago`; the latest `MOST_ENDED` at most."""
    return _ENDED.run(conn, project_id=project_id, within_s=within_s, most=MOST_ENDED).all()


def failed(conn: Connection, project_id: str, *, within_s: float, limit: int) -> Sequence[Row[Any]]:
    """Return the jobs that failed last, of the latest `MOST_ENDED`."""
    return _FAILED.run(conn, project_id=project_id, within_s=within_s, most=MOST_ENDED, limit=limit).all()


def waiting(conn: Connection, project_id: str, *, longer_than_s: float, limit: int) -> Sequence[Row[Any]]:
    """Return queued jobs that could have been claimed `since` so long, of those that were submitted first."""
    return _WAITING.run(conn, project_id=project_id, most=_LOOKED_AT, longer_than_s=longer_than_s, limit=limit).all()


def troubled(
    conn: Connection, project_id: str, *, idle_cpus: float, idle_after_s: float, limit: int
) -> Sequence[Row[Any]]:
    """Return running jobs that are `idle`, or whose attempt `before` ended in a way that was charged."""
    return _TROUBLED.run(
        conn, project_id=project_id, most=_LOOKED_AT, idle_cpus=idle_cpus, idle_after_s=idle_after_s, limit=limit
    ).all()


def lost_workers(conn: Connection, *, within_s: float, limit: int) -> Sequence[Row[Any]]:
    """Return workers that fell silent without a goodbye, and that no other of their name has taken the place of."""
    return _LOST.run(conn, within_s=within_s, limit=limit).all()
