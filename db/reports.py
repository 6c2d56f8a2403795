"""What an attempt reports while it runs: progress, metrics, log bytes, artifacts.

Callers `fence` first in the same transaction; logs alone belong to (job, attempt) and are fenced by the attempt's own
row, so that the worker that ran it may append what was printed before the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import Connection, bindparam, insert, update
from sqlalchemy.dialects import postgresql, sqlite

from db import blocks
from db.blobs import hold
from db.clock import db_now
from db.leases import Lease
from db.models import Artifact, Attempt, LogChunk
from db.sql import Statement
from db.transitions import By, record
from trainshed.series import is_system
from trainshed.states import Actor


@dataclass(frozen=True, slots=True)
class Point:
    """One value of one series."""

    series: str
    step: int
    value: float


@dataclass(frozen=True, slots=True)
class MadeFile:
    """A file whose blob is complete in the store."""

    path: str
    sha256: str
    size: int
    media_type: str


_STARTED: Final = Statement("""
    UPDATE job SET reason = CASE WHEN request IS NULL THEN 'running' ELSE reason END,
        message = CASE WHEN request IS NULL THEN :message ELSE message END,
        event_seq = event_seq + 1, version = version + 1
    WHERE id = :job_id AND attempt = :attempt AND state = 'running'
""")
_PROGRESS: Final = Statement("UPDATE job SET progress = :progress, version = version + 1 WHERE id = :job_id")
_TOUCH: Final = Statement("UPDATE job SET version = version + 1 WHERE id = :job_id")


def started(conn: Connection, lease: Lease, *, message: str, facts: dict[str, Any]) -> None:
    """Note that the job's own code runs, and what the attempt knows of its environment."""
    _STARTED.run(conn, job_id=lease.job_id, attempt=lease.attempt, message=message)
    add_facts(conn, lease, facts)
    record(conn, lease.job_id, "start", By(Actor.WORKER, lease.owner))


def add_facts(conn: Connection, lease: Lease, facts: dict[str, Any]) -> None:
    """Merge `facts` into those of the attempt."""
    mine = (Attempt.job_id == lease.job_id) & (Attempt.number == lease.attempt)
    known = conn.execute(Attempt.__table__.select().with_only_columns(Attempt.facts).where(mine)).scalar_one()
    conn.execute(update(Attempt).where(mine).values(facts={**known, **facts}))


def progress(conn: Connection, lease: Lease, values: dict[str, Any]) -> None:
    """Replace the progress of the job."""
    statement = _PROGRESS.on(conn.dialect.name).bindparams(bindparam("progress", type_=Attempt.__table__.c.facts.type))
    conn.execute(statement, {"job_id": lease.job_id, "progress": values})


# --- metrics ---

# A late point of an earlier step is no newer value.
_ADD_SERIES: Final = Statement("""
    INSERT INTO metric_series (job_id, name, last_step, last_value, fresh)
    VALUES (:job_id, :name, :step, :value, :number)
    ON CONFLICT (job_id, name) DO UPDATE SET
        last_value = CASE WHEN excluded.last_step >= metric_series.last_step THEN excluded.last_value
            ELSE metric_series.last_value END,
        last_step = CASE WHEN excluded.last_step >= metric_series.last_step THEN excluded.last_step
            ELSE metric_series.last_step END,
        fresh = metric_series.fresh + excluded.fresh
    RETURNING id, sealed_step, fresh
""")
_ADD_POINT: Final = Statement("""
    INSERT INTO metric_point (series_id, step, value, attempt, at) VALUES (:series_id, :step, :value, :attempt, {now})
    ON CONFLICT (series_id, step) DO UPDATE SET value = excluded.value, attempt = excluded.attempt, at = excluded.at
    WHERE excluded.attempt >= metric_point.attempt
""")


def add_points(conn: Connection, lease: Lease, points: Sequence[Point]) -> None:
    """Store points. A point reported again replaces itself, so a repeat after an unclear commit does no harm."""
    if not points:
        return
    grown = {name: _grow(conn, lease, some) for name, some in _by_series(points).items()}
    conn.execute(
        _ADD_POINT.on(conn.dialect.name),
        [
            {
                "series_id": grown[point.series].series_id,
                "step": point.step,
                "value": point.value,
                "attempt": lease.attempt,
            }
            for point in points
        ],
    )
    for series in grown.values():
        blocks.seal(conn, series)
    # What the worker measures is no change of the job: its tag stays, and nobody who waits for one is woken.
    if not all(is_system(point.series) for point in points):
        _TOUCH.run(conn, job_id=lease.job_id)


def _by_series(points: Sequence[Point]) -> dict[str, list[Point]]:
    found: dict[str, list[Point]] = {}
    for point in sorted(points, key=attrgetter("step")):
        found.setdefault(point.series, []).append(point)
    return found


def _grow(conn: Connection, lease: Lease, points: Sequence[Point]) -> blocks.Growth:
    """Make room for points of one series, the latest last."""
    latest = {"step": points[-1].step, "value": points[-1].value, "number": len(points)}
    row = _ADD_SERIES.run(conn, latest, job_id=lease.job_id, name=points[-1].series).one()
    return blocks.reopen(conn, blocks.Growth(row.id, row.sealed_step, row.fresh), step=points[0].step)


# --- logs ---

# Of a log that was compacted readers see the blob alone. What comes after that is kept behind it, and counts as soon as
# the reconciler has put it in: readers never have to put a log together from both.
_LATE_END: Final = """COALESCE((SELECT start + length(data) FROM log_chunk
    WHERE log_chunk.job_id = attempt.job_id AND log_chunk.attempt = attempt.number
      AND log_chunk.start >= attempt.log_bytes ORDER BY start DESC LIMIT 1), log_bytes)"""
_EXTEND_LOG: Final = Statement("""
    UPDATE attempt SET log_bytes = CASE WHEN log_sha256 IS NULL THEN :end ELSE log_bytes END
    WHERE job_id = :job_id AND number = :attempt AND worker_id = :owner
      AND (log_bytes = :start OR log_sha256 IS NOT NULL)
    RETURNING log_sha256
""")
_LOG_BYTES: Final = Statement(f"""
    SELECT CASE WHEN log_sha256 IS NULL THEN log_bytes ELSE {_LATE_END} END
    FROM attempt WHERE job_id = :job_id AND number = :attempt AND worker_id = :owner
""")


def append_log(conn: Connection, lease: Lease, *, start: int, data: bytes) -> bool:
    """Store the bytes that follow offset `start`. False: they are not the next ones, or the attempt is another's."""
    identity = {"job_id": lease.job_id, "attempt": lease.attempt, "owner": lease.owner}
    extended = _EXTEND_LOG.run(conn, identity, start=start, end=start + len(data)).one_or_none()
    if extended is None:
        return False
    # The row is locked now, so the end of what came late stands still.
    if extended.log_sha256 is not None and stored_log_bytes(conn, lease) != start:
        return False
    conn.execute(
        insert(LogChunk).values(job_id=lease.job_id, attempt=lease.attempt, start=start, data=data, at=db_now())
    )
    return True


def stored_log_bytes(conn: Connection, lease: Lease) -> int | None:
    """Return how much of the attempt's log is stored; None when the attempt is not this worker's."""
    identity = {"job_id": lease.job_id, "attempt": lease.attempt, "owner": lease.owner}
    stored: int | None = _LOG_BYTES.run(conn, identity).scalar_one_or_none()
    return stored


# --- artifacts ---


def add_artifacts(conn: Connection, lease: Lease, files: Sequence[MadeFile]) -> None:
    """List files whose blobs are complete. A path that an earlier attempt made is replaced.

    Raises `db.blobs.BlobsLost`, before anything is listed, when one is no longer kept for them.
    """
    if not files:
        return
    hold(conn, {file.sha256 for file in files})
    dialect = postgresql if conn.dialect.name == "postgresql" else sqlite
    for file in files:
        values = {
            "sha256": file.sha256,
            "media_type": file.media_type,
            "attempt": lease.attempt,
            "created_at": db_now(),
        }
        artifact = dialect.insert(Artifact).values(job_id=lease.job_id, path=file.path, **values)
        conn.execute(artifact.on_conflict_do_update(index_elements=["job_id", "path"], set_=values))
