"""What a user changes of a job beside its state. Each change leaves an event in the same transaction.

Callers hold the job's row (`lock_job`), so nothing moves between their look and their change.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam

from db.models.base import Json
from db.sql import Statement
from db.transitions import By, record

_LOCK: Final = Statement(
    """
    SELECT state, version, attempt, labels, held FROM job WHERE id = :job_id AND project_id = :project_id {lock}
""",
    labels=Json,
)
_LABELS: Final = Statement("""
    UPDATE job SET labels = :labels, event_seq = event_seq + 1, version = version + 1 WHERE id = :job_id
""")
_PRIORITY: Final = Statement("""
    UPDATE job SET priority = :priority, event_seq = event_seq + 1, version = version + 1 WHERE id = :job_id
""")


def lock_job(conn: Connection, project_id: str, job_id: str) -> Row[Any] | None:
    """Return `state`, `version`, `attempt`, `labels` and `held` of a job, and hold it as it is until the commit."""
    return _LOCK.run(conn, job_id=job_id, project_id=project_id).one_or_none()


def set_labels(conn: Connection, job_id: str, labels: dict[str, str], by: By) -> None:
    """Replace the labels."""
    statement = _LABELS.on(conn.dialect.name).bindparams(bindparam("labels", type_=Json))
    conn.execute(statement, {"job_id": job_id, "labels": labels})
    record(conn, job_id, "relabel", by)


def set_priority(conn: Connection, job_id: str, priority: int, by: By) -> None:
    """Change which jobs it goes before."""
    _PRIORITY.run(conn, job_id=job_id, priority=priority)
    record(conn, job_id, "reprioritise", by)
