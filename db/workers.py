"""The registry of workers: who is there, what it has, and when it was last seen."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Final

from sqlalchemy import Connection, insert

from db.clock import db_now
from db.models import Worker
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
    UPDATE worker SET busy = :busy, state = :state, last_seen_at = {now} WHERE id = :worker_id RETURNING id
""")
_FORGET: Final = Statement("""
    DELETE FROM worker WHERE last_seen_at < {now} - :older_than_s
        AND NOT EXISTS (SELECT 1 FROM job WHERE job.owner = worker.id AND job.state = 'running')
    RETURNING id
""")
_GONE: Final = Statement("""
    UPDATE worker SET state = 'gone', busy = 0 WHERE state <> 'gone' AND last_seen_at < {now} - :older_than_s
    RETURNING id
""")


def seen(conn: Connection, worker_id: str, *, busy: int, state: str) -> bool:
    """Note that a worker lives. False: its row was pruned, and it must register again."""
    return _SEEN.run(conn, worker_id=worker_id, busy=busy, state=state).one_or_none() is not None


def mark_gone(conn: Connection, *, older_than_s: float) -> list[str]:
    """Mark workers that were not seen for so long."""
    return list(_GONE.run(conn, older_than_s=older_than_s).scalars())


def forget(conn: Connection, *, older_than_s: float) -> list[str]:
    """Remove rows of workers that were not seen for so long and hold no job."""
    return list(_FORGET.run(conn, older_than_s=older_than_s).scalars())
