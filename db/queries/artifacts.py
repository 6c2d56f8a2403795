"""Files of jobs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row

from db.sql import Statement

_COLUMNS: Final = "path, artifact.sha256, size, media_type, attempt, artifact.created_at"
_ALL: Final = Statement(f"""
    SELECT {_COLUMNS} FROM artifact JOIN blob ON blob.sha256 = artifact.sha256
    WHERE job_id = :job_id AND substr(path, 1, :length) = :prefix ORDER BY path LIMIT :limit
""")
_ONE: Final = Statement(f"""
    SELECT {_COLUMNS} FROM artifact JOIN blob ON blob.sha256 = artifact.sha256
    WHERE job_id = :job_id AND path = :path
""")


def list_artifacts(conn: Connection, job_id: str, *, prefix: str = "", limit: int) -> Sequence[Row[Any]]:
    """Return the files of a job whose path begins with `prefix`, by path."""
    return _ALL.run(conn, job_id=job_id, prefix=prefix, length=len(prefix), limit=limit).all()


def get_artifact(conn: Connection, job_id: str, path: str) -> Row[Any] | None:
    """Return one file of a job."""
    return _ONE.run(conn, job_id=job_id, path=path).one_or_none()
