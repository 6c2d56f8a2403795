"""Deletes finished jobs, each in a short transaction, however much it left behind.

A job that left little is gone at once. One that left much (a million points, gigabytes of logs) is discarded first: its
row moves into a project that nobody holds a key to, so that from this commit on it is there for no reader. The
reconciler erases it piece by piece, and its row last.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection

from db.sql import Statement
from trainshed.states import TERMINAL_STATES

DISCARDED: Final = "prj_discarded"
"""Identifier and name of the project of discarded jobs."""
MOST_ROWS: Final = 5_000
"""So many rows go with a job in one transaction, and in one piece of a discarded one."""
MOST_CHUNKS: Final = 64
"""The same for log chunks, which are up to 256 KiB each."""

_TERMINAL: Final = "state IN (" + ", ".join(f"'{state}'" for state in sorted(TERMINAL_STATES)) + ")"

# Who submits a job that needs this one holds its row, too: one of the two comes first, and the other sees it.
_LOCK: Final = Statement(f"SELECT id FROM job WHERE id = :job_id AND {_TERMINAL} {{lock}}")
_NEEDED: Final = Statement(f"""
    SELECT EXISTS (SELECT 1 FROM dependency JOIN job ON job.id = dependency.job_id
        WHERE dependency.needs_id = :job_id AND NOT job.{_TERMINAL})
""")
_LET_GO: Final = Statement("DELETE FROM dependency WHERE needs_id = :job_id")
_ROWS: Final = Statement("""
    SELECT
        (SELECT count(*) FROM (SELECT 1 FROM metric_series JOIN metric_point ON series_id = metric_series.id
            WHERE job_id = :job_id LIMIT :most) AS points)
        + (SELECT count(*) FROM (SELECT 1 FROM artifact WHERE job_id = :job_id LIMIT :most) AS files)
        + (SELECT count(*) FROM (SELECT 1 FROM event WHERE job_id = :job_id LIMIT :most) AS events) AS rows_left,
        (SELECT count(*) FROM (SELECT 1 FROM log_chunk WHERE job_id = :job_id LIMIT :most) AS chunks) AS chunks_left
""")
_DELETE: Final = Statement("DELETE FROM job WHERE id = :job_id")
_MAKE_PROJECT: Final = Statement("""
    INSERT INTO project (id, name, created_at) VALUES (:project_id, :project_id, {now}) ON CONFLICT DO NOTHING
""")
_DISCARD: Final = Statement("UPDATE job SET project_id = :project_id, version = version + 1 WHERE id = :job_id")


def delete_job(conn: Connection, job_id: str) -> bool:
    """Delete a job with all that belongs to it. False: it is not there, has not finished, or is needed by one that has
    not. Jobs that needed it and have finished lose their mark of that."""
    if not lock_finished(conn, job_id) or is_needed(conn, job_id):
        return False
    _LET_GO.run(conn, job_id=job_id)
    left = _ROWS.run(conn, job_id=job_id, most=MOST_ROWS).one()
    if left.rows_left < MOST_ROWS and left.chunks_left < MOST_CHUNKS:
        _DELETE.run(conn, job_id=job_id)
    else:
        _MAKE_PROJECT.run(conn, project_id=DISCARDED)
        _DISCARD.run(conn, project_id=DISCARDED, job_id=job_id)
    return True


def lock_finished(conn: Connection, job_id: str) -> bool:
    """Hold a finished job until the commit: nobody submits one that needs it. False: it has not finished or is gone."""
    return _LOCK.run(conn, job_id=job_id).one_or_none() is not None


def is_needed(conn: Connection, job_id: str) -> bool:
    """Whether an unfinished job needs this one. Hold it first: only a statement after that sees who came before."""
    return bool(_NEEDED.run(conn, job_id=job_id).scalar_one())


# --- erase what was discarded ---

_FIRST: Final = Statement("SELECT id FROM job WHERE project_id = :project_id ORDER BY id LIMIT 1")
_PIECES: Final = (
    (
        Statement("""
            DELETE FROM metric_block WHERE (series_id, last_step) IN (
                SELECT series_id, last_step FROM metric_block
                WHERE series_id IN (SELECT id FROM metric_series WHERE job_id = :job_id) LIMIT :most)
        """),
        MOST_ROWS,
    ),
    (
        Statement("""
            DELETE FROM metric_point WHERE (series_id, step) IN (
                SELECT series_id, step FROM metric_point
                WHERE series_id IN (SELECT id FROM metric_series WHERE job_id = :job_id) LIMIT :most)
        """),
        MOST_ROWS,
    ),
    (
        Statement("""
            DELETE FROM log_chunk WHERE job_id = :job_id AND (attempt, start) IN (
                SELECT attempt, start FROM log_chunk WHERE job_id = :job_id ORDER BY attempt, start LIMIT :most)
        """),
        MOST_CHUNKS,
    ),
    (
        Statement("""
            DELETE FROM artifact WHERE job_id = :job_id AND path IN (
                SELECT path FROM artifact WHERE job_id = :job_id ORDER BY path LIMIT :most)
        """),
        MOST_ROWS,
    ),
    (
        Statement("""
            DELETE FROM event WHERE job_id = :job_id AND seq IN (
                SELECT seq FROM event WHERE job_id = :job_id ORDER BY seq LIMIT :most)
        """),
        MOST_ROWS,
    ),
)


def first_discarded(conn: Connection) -> str | None:
    """Return the oldest discarded job."""
    found: str | None = _FIRST.run(conn, project_id=DISCARDED).scalar_one_or_none()
    return found


def erase_piece(conn: Connection, job_id: str) -> bool:
    """Erase a piece of a discarded job. True: that was the last one, and its row is gone."""
    for statement, most in _PIECES:
        if statement.run(conn, job_id=job_id, most=most).rowcount:
            return False
    _DELETE.run(conn, job_id=job_id)
    return True
