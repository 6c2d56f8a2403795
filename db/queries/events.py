"""What happened to a job, and to all jobs in the order of commits.

Transactions commit in another order than they number their events: a reader that went by number alone would pass an
event whose transaction commits late. On Postgres an event therefore stands behind the number of its transaction, and
one reads only as far as the oldest transaction that is still open (`settled`): nothing can come in before that any
more. SQLite has one writer at a time, and its numbers are never used twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Row

from db.sql import Statement

_LAST_ID: Final = 2**63 - 1


class Position(NamedTuple):
    """A place in the order of commits. Events behind it are greater."""

    txid: int
    id: int


BEGINNING: Final = Position(0, 0)

_COLUMNS: Final = """
    event.txid, event.id, event.job_id, event.seq, event.type, event.state, event.reason, event.message, event.actor,
    event.cause, event.attempt, event.at
"""
_OF_JOB: Final = Statement(f"""
    SELECT {_COLUMNS} FROM event WHERE job_id = :job_id AND seq > :after ORDER BY seq LIMIT :limit
""")
_SETTLED: Final = {
    "postgresql": Statement(f"""
        SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1 AS txid, {_LAST_ID} AS id
    """),
    "sqlite": Statement("SELECT 0 AS txid, COALESCE(max(id), 0) AS id FROM event"),
}
_BETWEEN: Final = (
    "(event.txid, event.id) > (:after_txid, :after_id) AND (event.txid, event.id) <= (:last_txid, :last_id)"
)
_ALL: Final = Statement(f"""
    SELECT {_COLUMNS}, job.project_id FROM event JOIN job ON job.id = event.job_id
    WHERE {_BETWEEN} ORDER BY event.txid, event.id LIMIT :limit
""")
_OF_PROJECT: Final = Statement(f"""
    SELECT {_COLUMNS} FROM event JOIN job ON job.id = event.job_id
    WHERE {_BETWEEN} AND job.project_id = :project_id ORDER BY event.txid, event.id LIMIT :limit
""")
_NTH: Final = Statement(f"""
    SELECT txid, id FROM event WHERE {_BETWEEN} ORDER BY txid, id LIMIT 1 OFFSET :skip
""")


def list_events(conn: Connection, job_id: str, *, after: int, limit: int) -> Sequence[Row[Any]]:
    """Return the events that follow number `after`. Within one job they have no gap, however late a commit was."""
    return _OF_JOB.run(conn, job_id=job_id, after=after, limit=limit).all()


def settled(conn: Connection) -> Position:
    """Return how far one may read: all that lies before is committed or never will be.

    A transaction that writes and stays open for long holds this back for all.
    """
    row = _SETTLED[conn.dialect.name].run(conn).one()
    return Position(row.txid, row.id)


def list_all_events(conn: Connection, *, after: Position, last: Position, limit: int) -> Sequence[Row[Any]]:
    """Return the events of all projects from after one position to another, each with its `project_id`."""
    return _ALL.run(conn, _bounds(after, last), limit=limit).all()


def list_project_events(
    conn: Connection, project_id: str, *, after: Position, last: Position, limit: int
) -> Sequence[Row[Any]]:
    """Return the events of one project from after one position to another."""
    return _OF_PROJECT.run(conn, _bounds(after, last), project_id=project_id, limit=limit).all()


def nth_event(conn: Connection, *, after: Position, last: Position, number: int) -> Position | None:
    """Return where the event lies that is the `number`-th one of any project. None: there are fewer."""
    row = _NTH.run(conn, _bounds(after, last), skip=number - 1).one_or_none()
    return None if row is None else Position(row.txid, row.id)


def _bounds(after: Position, last: Position) -> dict[str, int]:
    return {"after_txid": after.txid, "after_id": after.id, "last_txid": last.txid, "last_id": last.id}
