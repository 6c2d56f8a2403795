"""What attempts printed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row

from db.sql import Statement

_ATTEMPT: Final = Statement("""
    SELECT number, outcome, log_bytes FROM attempt WHERE job_id = :job_id AND number = :number
""")
_LATEST: Final = Statement("""
    SELECT number, outcome, log_bytes FROM attempt WHERE job_id = :job_id ORDER BY number DESC LIMIT 1
""")
_BETWEEN: Final = Statement("""
    SELECT start, data FROM log_chunk
    WHERE job_id = :job_id AND attempt = :attempt AND start < :stop AND start >= COALESCE(
        (SELECT max(start) FROM log_chunk WHERE job_id = :job_id AND attempt = :attempt AND start <= :offset), 0)
    ORDER BY start
""")
_BEFORE: Final = Statement("""
    SELECT start, data FROM log_chunk
    WHERE job_id = :job_id AND attempt = :attempt AND start < :stop ORDER BY start DESC LIMIT 1
""")


def get_attempt(conn: Connection, job_id: str, number: int | None) -> Row[Any] | None:
    """Return number, outcome and log size of an attempt, by default the latest."""
    if number is None:
        return _LATEST.run(conn, job_id=job_id).one_or_none()
    return _ATTEMPT.run(conn, job_id=job_id, number=number).one_or_none()


def read_log(conn: Connection, job_id: str, attempt: int, *, offset: int, stop: int) -> bytes:
    """Return the stored bytes from `offset` up to and without `stop`."""
    chunks: Sequence[Row[Any]] = _BETWEEN.run(conn, job_id=job_id, attempt=attempt, offset=offset, stop=stop).all()
    if not chunks:
        return b""
    skipped = offset - chunks[0].start
    return b"".join(bytes(chunk.data) for chunk in chunks)[skipped : skipped + stop - offset]


def read_log_chunk_before(conn: Connection, job_id: str, attempt: int, stop: int) -> bytes:
    """Return the stored bytes of the chunk that ends at `stop`; empty at the beginning."""
    chunk = _BEFORE.run(conn, job_id=job_id, attempt=attempt, stop=stop).one_or_none()
    return b"" if chunk is None else bytes(chunk.data)[: stop - chunk.start]
