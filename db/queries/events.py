"""What happened to a job."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row

from db.sql import Statement

_AFTER: Final = Statement("""
    SELECT job_id, seq, type, state, reason, message, actor, cause, attempt, at
    FROM event WHERE job_id = :job_id AND seq > :after ORDER BY seq LIMIT :limit
""")


def list_events(conn: Connection, job_id: str, *, after: int, limit: int) -> Sequence[Row[Any]]:
    """Return the events that follow number `after`. Within one job they have no gap, however late a commit was."""
    return _AFTER.run(conn, job_id=job_id, after=after, limit=limit).all()
