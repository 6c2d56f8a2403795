"""Reads what an attempt printed, by offset: a reader goes on at any byte without gap or duplicate."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from api.auth.principal import Principal
from api.operations.jobs import not_found
from db.engine import Database
from db.queries import logs
from db.queries.jobs import get_state
from trainshed.errors import NotFound, RangeNotSatisfiable
from trainshed.states import AttemptOutcome, JobState


@dataclass(frozen=True, slots=True)
class LogPiece:
    """Some bytes of the log of one attempt. Attempt 0: the job has not started."""

    attempt: int
    offset: int
    """Where the first byte lies."""
    content: bytes
    complete: bool
    """The attempt is closed, and nothing of what is stored follows."""

    @property
    def next_offset(self) -> int:
        return self.offset + len(self.content)


@dataclass(frozen=True, slots=True)
class _Log:
    job_id: str
    attempt: int
    size: int
    closed: bool


def read_log(
    database: Database, who: Principal, job_id: str, *, attempt: int | None, offset: int, limit: int
) -> LogPiece:
    """Return up to `limit` bytes from `offset`. Raises `NotFound`, or `RangeNotSatisfiable` beyond the end."""
    with database.read() as conn:
        log = _find(conn, who, job_id, attempt)
        if offset > log.size:
            raise RangeNotSatisfiable(
                f"Offset {offset} lies beyond the {log.size} bytes of this log.", facts={"size": log.size}
            )
        return _piece(conn, log, offset=offset, stop=min(offset + limit, log.size))


def read_log_tail(
    database: Database, who: Principal, job_id: str, *, attempt: int | None, lines: int, limit: int
) -> LogPiece:
    """Return the last `lines` lines, and of them no more than the last `limit` bytes. Raises `NotFound`."""
    with database.read() as conn:
        log = _find(conn, who, job_id, attempt)
        return _piece(conn, log, offset=_start_of_tail(conn, log, lines, limit), stop=log.size)


def _find(conn: Connection, who: Principal, job_id: str, attempt: int | None) -> _Log:
    job = get_state(conn, who.project_id, job_id)
    if job is None:
        raise not_found(job_id)
    row = logs.get_attempt(conn, job_id, attempt)
    if row is not None:
        return _Log(job_id, row.number, row.log_bytes, closed=row.outcome != AttemptOutcome.RUNNING)
    if attempt is None:
        return _Log(job_id, 0, 0, closed=JobState(job.state).is_terminal)
    raise NotFound(f"Job {job_id} has no attempt {attempt}.", facts={"job_id": job_id, "attempt": attempt})


def _piece(conn: Connection, log: _Log, *, offset: int, stop: int) -> LogPiece:
    content = logs.read_log(conn, log.job_id, log.attempt, offset=offset, stop=stop) if stop > offset else b""
    return LogPiece(log.attempt, offset, content, complete=log.closed and offset + len(content) == log.size)


def _start_of_tail(conn: Connection, log: _Log, lines: int, limit: int) -> int:
    """Go back chunk by chunk until the line break before the wanted lines; the last byte may be one that counts not."""
    if lines == 0 or log.size == 0:
        return log.size
    start = log.size
    to_pass = lines
    while start > 0 and log.size - start < limit:
        chunk = logs.read_log_chunk_before(conn, log.job_id, log.attempt, start)
        within = chunk[:-1] if start == log.size else chunk
        breaks = within.count(b"\n")
        if breaks >= to_pass:
            start = start - len(chunk) + _after_break_from_end(within, to_pass)
            break
        to_pass -= breaks
        start -= len(chunk)
    return max(start, log.size - limit)


def _after_break_from_end(data: bytes, number: int) -> int:
    """Return the place after the line break that is the `number`-th one from the end."""
    place = len(data)
    for _ in range(number):
        place = data.rindex(b"\n", 0, place)
    return place + 1
