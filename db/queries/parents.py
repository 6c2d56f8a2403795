"""The jobs that new ones are to wait for."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam

from db.sql import Statement

_LOCK: Final = Statement("SELECT id, project_id, kind, state FROM job WHERE id IN :job_ids ORDER BY id {share}")


def lock_parents(conn: Connection, job_ids: Collection[str]) -> dict[str, Row[Any]]:
    """Return `project_id`, `kind` and `state` of those jobs that exist, and hold them as they are until the commit.

    A parent that finishes meanwhile waits for that commit, and then sees the new job. Rows are locked by ascending
    identifier, as everywhere.
    """
    if not job_ids:
        return {}
    statement = _LOCK.on(conn.dialect.name).bindparams(bindparam("job_ids", expanding=True))
    return {row.id: row for row in conn.execute(statement, {"job_ids": list(job_ids)})}
