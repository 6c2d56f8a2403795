"""Logs of closed attempts of finished jobs: which of them are still in chunks, and how they become one blob.

What a log was compacted to is all that its readers see, so it has to be all of it: a log changes from chunks to a blob
in one guarded transaction, and bytes that come later change nothing until they are in a blob as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection

from db.blobs import hold
from db.deletion import DISCARDED
from db.sql import Statement
from trainshed.states import TERMINAL_STATES

MOST_CHUNKS: Final = 256
"""So many chunks, of up to 256 KiB each, are deleted in one transaction."""

_TERMINAL: Final = "(" + ", ".join(f"'{state}'" for state in sorted(TERMINAL_STATES)) + ")"


@dataclass(frozen=True, slots=True)
class Place:
    """An attempt, in the order in which logs are looked through."""

    job_id: str
    attempt: int


@dataclass(frozen=True, slots=True)
class Log:
    """The log of one attempt that has chunks."""

    place: Place
    end: int
    """Where its last chunk ends."""
    log_bytes: int
    log_sha256: str | None
    """What it was compacted to before, if it was: its first `log_bytes` bytes."""
    settled: bool
    """The attempt is closed, its job has finished, nothing has come for a while, and the beginning is there: what comes
    after a log was removed belongs to nothing."""

    @property
    def path(self) -> str:
        """Where it is listed among the artifacts of its job."""
        return f"logs/attempt-{self.place.attempt}.log"

    @property
    def has_news(self) -> bool:
        """Whether chunks hold what no blob has."""
        return self.log_sha256 is None or self.end > self.log_bytes


_NEXT: Final = Statement("""
    SELECT job_id, attempt FROM log_chunk WHERE (job_id, attempt) > (:job_id, :attempt)
    ORDER BY job_id, attempt LIMIT 1
""")
_DESCRIBE: Final = Statement(f"""
    SELECT attempt.log_bytes, attempt.log_sha256, last.start + length(last.data) AS last_end,
        attempt.outcome <> 'running' AND job.state IN {_TERMINAL} AND job.project_id <> :discarded
        AND job.finished_at < {{now}} - :quiet_s AND last.at < {{now}} - :quiet_s
        AND (attempt.log_sha256 IS NOT NULL OR EXISTS (SELECT 1 FROM log_chunk AS first
            WHERE first.job_id = attempt.job_id AND first.attempt = attempt.number AND first.start = 0)) AS settled
    FROM attempt JOIN job ON job.id = attempt.job_id
    JOIN log_chunk AS last ON last.job_id = attempt.job_id AND last.attempt = attempt.number
    WHERE attempt.job_id = :job_id AND attempt.number = :attempt
    ORDER BY last.start DESC LIMIT 1
""")
_CHUNK: Final = Statement("""
    SELECT data FROM log_chunk WHERE job_id = :job_id AND attempt = :attempt AND start = :start
""")
# Who appends locks the same row. What comes behind a blob meanwhile stays a chunk behind the next one.
_LOCK: Final = Statement("""
    SELECT log_bytes, log_sha256 FROM attempt
    WHERE job_id = :job_id AND number = :attempt AND outcome <> 'running' {lock}
""")
_COMPACT: Final = Statement("""
    UPDATE attempt SET log_sha256 = :sha256, log_bytes = :size WHERE job_id = :job_id AND number = :attempt
""")
# What the job or a user put under that path stays; a shorter one that we listed before is replaced.
_LIST: Final = Statement("""
    INSERT INTO artifact (job_id, path, sha256, media_type, attempt, created_at)
    VALUES (:job_id, :path, :sha256, 'text/plain', :attempt, {now})
    ON CONFLICT (job_id, path) DO UPDATE SET sha256 = excluded.sha256, created_at = excluded.created_at
    WHERE artifact.sha256 = :before
""")
# From the end: who still reads the chunks finds fewer bytes than there were, and none that are others.
_DROP: Final = Statement("""
    DELETE FROM log_chunk WHERE job_id = :job_id AND attempt = :attempt AND start IN (
        SELECT start FROM log_chunk WHERE job_id = :job_id AND attempt = :attempt AND start < :stop
        ORDER BY start DESC LIMIT :most)
""")


def next_place(conn: Connection, after: Place) -> Place | None:
    """Return the first attempt after `after` that has chunks."""
    row = _NEXT.run(conn, job_id=after.job_id, attempt=after.attempt).one_or_none()
    return None if row is None else Place(row.job_id, row.attempt)


def describe(conn: Connection, place: Place, *, quiet_s: float) -> Log | None:
    """Return the log of an attempt; it is settled when nothing happened for `quiet_s`. None: it has no chunks."""
    row = _DESCRIBE.run(conn, _identity(place), quiet_s=quiet_s, discarded=DISCARDED).one_or_none()
    if row is None:
        return None
    return Log(place, row.last_end, row.log_bytes, row.log_sha256, settled=bool(row.settled))


def read_chunk(conn: Connection, place: Place, start: int) -> bytes | None:
    """Return the chunk that begins at `start`."""
    data = _CHUNK.run(conn, _identity(place), start=start).scalar_one_or_none()
    return None if data is None else bytes(data)


def compact(conn: Connection, log: Log, *, sha256: str, size: int) -> bool:
    """Put the blob, all bytes up to `log.end`, in the place of the chunks and list it. False: the log is another now.

    At most `MOST_CHUNKS` chunks are deleted with it; `drop_chunks` deletes the others. Raises `BlobsLost`.
    """
    assert size == log.end
    hold(conn, [sha256])
    identity = _identity(log.place)
    now = _LOCK.run(conn, identity).one_or_none()
    if now is None or (now.log_bytes, now.log_sha256) != (log.log_bytes, log.log_sha256):
        return False
    _COMPACT.run(conn, identity, sha256=sha256, size=size)
    _LIST.run(conn, identity, path=log.path, sha256=sha256, before=log.log_sha256)
    drop_chunks(conn, log.place, stop=size)
    return True


def drop_chunks(conn: Connection, place: Place, *, stop: int) -> bool:
    """Delete chunks before `stop`, which a blob holds, the last ones first. True: there may be more."""
    return _DROP.run(conn, _identity(place), stop=stop, most=MOST_CHUNKS).rowcount == MOST_CHUNKS


def _identity(place: Place) -> dict[str, Any]:
    return {"job_id": place.job_id, "attempt": place.attempt}
