"""The jobs that a new one is to wait for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam

from db.sql import Statement

_LOCK: Final = Statement("""
    SELECT id, kind, state FROM job WHERE project_id = :project_id AND id IN :job_ids ORDER BY id {share}
""")


def lock_parents(conn: Connection, project_id: str, job_ids: Sequence[str]) -> dict[str, Row[Any]]:
    """Return `kind` and `state` of those jobs that are in the project, and hold them as they are until the commit.

    A parent that finishes meanwhile waits for that commit, and then sees the new job. Rows are locked by ascending
    identifier, as everywhere.
    """
    statement = _LOCK.on(conn.dialect.name).bindparams(bindparam("job_ids", expanding=True))
    rows = conn.execute(statement, {"project_id": project_id, "job_ids": list(job_ids)})
    return {row.id: row for row in rows}
