"""What attempts printed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row

from db.sql import Statement

_FIND: Final = Statement("""
    SELECT job.state, job.event_seq, job.attempt AS latest, COALESCE(newest.log_bytes, 0) AS latest_log_bytes,
        wanted.number, wanted.outcome, wanted.ended_at, wanted.log_bytes, wanted.log_sha256, {now} AS now
    FROM job
    LEFT JOIN attempt AS newest ON newest.job_id = job.id AND newest.number = job.attempt
    LEFT JOIN attempt AS wanted ON wanted.job_id = job.id AND wanted.number = COALESCE(:number, job.attempt)
    WHERE job.id = :job_id AND job.project_id = :project_id
""")
_BETWEEN: Final = Statement("""
    SELECT start, data FROM log_chunk
    WHERE job_id = :job_id AND attempt = :attempt AND start < :stop AND start >= COALESCE(
        (SELECT max(start) FROM log_chunk WHERE job_id = :job_id AND attempt = :attempt AND start <= :offset), 0)
    ORDER BY start
""")
_SINCE: Final = Statement("""
    SELECT min(start) FROM log_chunk WHERE job_id = :job_id AND attempt = :attempt AND at >= :at
""")


def find_log(conn: Connection, project_id: str, job_id: str, number: int | None) -> Row[Any] | None:
    """Return a job of the project with one of its attempts, by default the latest, as far as its log is concerned.

    `number` and what follows it are NULL when there is no such attempt; `now` is the time of the database.
    """
    return _FIND.run(conn, project_id=project_id, job_id=job_id, number=number).one_or_none()


def read_log(conn: Connection, job_id: str, attempt: int, *, offset: int, stop: int) -> bytes:
    """Return the bytes in chunks from `offset` up to and without `stop`, or the first of them.

    Fewer bytes than are stored mean that the log was compacted meanwhile: chunks are then deleted, the last ones first.
    """
    chunks: Sequence[Row[Any]] = _BETWEEN.run(conn, job_id=job_id, attempt=attempt, offset=offset, stop=stop).all()
    if not chunks:
        return b""
    skipped = offset - chunks[0].start
    return b"".join(bytes(chunk.data) for chunk in chunks)[skipped : skipped + stop - offset]


def log_offset_since(conn: Connection, job_id: str, attempt: int, at: float) -> int | None:
    """Return the offset of the first chunk that was stored at that time or later."""
    found: int | None = _SINCE.run(conn, job_id=job_id, attempt=attempt, at=at).scalar_one()
    return found
