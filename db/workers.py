"""The registry of workers: who is there, what it has, and when it was last seen."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Final

from sqlalchemy import Connection, bindparam, insert

from db import counters
from db.clock import db_now
from db.counters import Counts
from db.models import Worker
from db.models.base import Json
from db.sql import Statement


@dataclass(frozen=True, slots=True)
class WorkerFacts:
    """What a worker says of itself when it registers."""

    id: str
    name: str
    host: str
    pid: int
    pool: str
    slots: int
    cpus: float
    memory_bytes: int
    gpus: int
    sandbox: str
    runs_commands: bool
    versions: dict[str, str]


def register(conn: Connection, facts: WorkerFacts) -> None:
    """Add a worker. Its identifier is new with each start."""
    now = db_now()
    values = {**asdict(facts), "state": "active", "busy": 0, "started_at": now, "last_seen_at": now}
    conn.execute(insert(Worker).values(values))


_SEEN: Final = Statement("""
    UPDATE worker SET busy = :busy, counts = :counts, last_seen_at = {now}, lost = FALSE,
        state = CASE WHEN drain AND :state = 'active' THEN 'draining' ELSE :state END
    WHERE id = :worker_id RETURNING drain
""")
_DRAIN: Final = Statement("""
    UPDATE worker SET drain = :drain,
        state = CASE WHEN state = 'gone' THEN state WHEN :drain THEN 'draining' ELSE 'active' END
    WHERE id = :worker_id AND (state <> 'gone' OR NOT :drain) RETURNING id
""")
_FORGET: Final = Statement(
    """
    DELETE FROM worker WHERE last_seen_at < {now} - :older_than_s
        AND NOT EXISTS (SELECT 1 FROM job WHERE job.owner = worker.id AND job.state = 'running')
    RETURNING id, pool, counts
    """,
    counts=Json,
)
_GONE: Final = Statement("""
    UPDATE worker SET state = 'gone', busy = 0, lost = TRUE
    WHERE state <> 'gone' AND last_seen_at < {now} - :older_than_s RETURNING id
""")


@dataclass(frozen=True, slots=True)
class Seen:
    """What a worker is told when it says that it lives."""

    drain: bool
    """An administrator wants it to take no new job."""


def seen(conn: Connection, worker_id: str, *, busy: int, state: str, counts: Counts) -> Seen | None:
    """Note that a worker lives, and what it has counted. None: its row was pruned, and it must register again."""
    statement = _SEEN.on(conn.dialect.name).bindparams(bindparam("counts", type_=Json))
    row = conn.execute(
        statement, {"worker_id": worker_id, "busy": busy, "state": state, "counts": dict(counts)}
    ).one_or_none()
    return None if row is None else Seen(bool(row.drain))


def set_drain(conn: Connection, worker_id: str, *, drain: bool) -> bool:
    """Let a worker take no new job, or take some again. From the commit on no claim of it succeeds.

    False: there is no such worker, or it is gone.
    """
    return _DRAIN.run(conn, worker_id=worker_id, drain=drain).one_or_none() is not None


def mark_gone(conn: Connection, *, older_than_s: float) -> list[str]:
    """Mark workers that were not seen for so long."""
    return list(_GONE.run(conn, older_than_s=older_than_s).scalars())


def forget(conn: Connection, *, older_than_s: float) -> list[str]:
    """Remove rows of workers that were not seen for so long and hold no job. What they counted stays with the pool."""
    forgotten = _FORGET.run(conn, older_than_s=older_than_s).all()
    counters.add(conn, ((row.pool, row.counts) for row in forgotten))
    return [row.id for row in forgotten]
