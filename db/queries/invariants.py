"""What must always be so, as questions for what is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row

from db.garbage import UNNAMED
from db.sql import Statement

LATE_S: Final = 60.0
"""What the reconciler has not done after this, it does not do."""
STUCK_S: Final = 3_600.0
OLD_KEY_S: Final = 2 * 86_400.0


@dataclass(frozen=True, slots=True)
class Invariant:
    """One of them. The statement returns `subject` of those that break it."""

    code: str
    message: str
    remedy: str
    broken: Statement


_RECONCILER: Final = "See that a reconciler runs (`python -m reconciler`) and what its log says."
_RESTORE: Final = "Restore the database from a backup, and report this: it must not happen."

INVARIANTS: Final = (
    Invariant(
        "job_without_attempt",
        "it runs, and has no open attempt",
        _RESTORE,
        Statement("""
            SELECT id AS subject FROM job WHERE state = 'running' AND NOT EXISTS (SELECT 1 FROM attempt
                WHERE attempt.job_id = job.id AND number = job.attempt AND outcome = 'running')
            ORDER BY id LIMIT :limit
        """),
    ),
    Invariant(
        "attempt_left_open",
        "an attempt is open, and its job is not running it",
        _RESTORE,
        Statement("""
            SELECT job.id || ' attempt ' || number AS subject FROM attempt JOIN job ON job.id = job_id
            WHERE outcome = 'running' AND (job.state <> 'running' OR job.attempt <> number)
            ORDER BY job_id, number LIMIT :limit
        """),
    ),
    Invariant(
        "job_without_end",
        "it has ended, and has no time of its end, or is still held by a worker",
        _RESTORE,
        Statement("""
            SELECT id AS subject FROM job WHERE state IN ('succeeded', 'failed', 'cancelled')
                AND (finished_at IS NULL OR owner IS NOT NULL OR lease_expires_at IS NOT NULL)
            ORDER BY id LIMIT :limit
        """),
    ),
    Invariant(
        "job_without_event",
        "its latest event is missing",
        _RESTORE,
        Statement("""
            SELECT id AS subject FROM job WHERE project_id <> 'prj_discarded' AND NOT EXISTS (SELECT 1 FROM event
                WHERE event.job_id = job.id AND seq = event_seq)
            ORDER BY id LIMIT :limit
        """),
    ),
    Invariant(
        "job_not_reaped",
        "its worker has been silent for more than a minute, and it still runs",
        _RECONCILER,
        Statement("""
            SELECT id AS subject FROM job WHERE state = 'running' AND lease_expires_at < {now} - :late_s
            ORDER BY id LIMIT :limit
        """),
    ),
    Invariant(
        "job_not_unblocked",
        "all that it needs has succeeded, and it still waits for that",
        _RECONCILER,
        Statement("""
            SELECT id AS subject FROM job WHERE state = 'blocked' AND NOT held AND NOT EXISTS (
                SELECT 1 FROM dependency JOIN job AS needed ON needed.id = needs_id
                WHERE dependency.job_id = job.id
                  AND (needed.state <> 'succeeded' OR needed.finished_at > {now} - :late_s))
            ORDER BY id LIMIT :limit
        """),
    ),
    Invariant(
        "name_without_blob",
        "it names a blob that has no row, or that is being taken away",
        _RESTORE,
        Statement("""
            SELECT subject FROM (
                SELECT job_id || ' artifact ' || path AS subject, sha256 FROM artifact
                UNION ALL SELECT job_id || ' log of attempt ' || number, log_sha256 FROM attempt
                    WHERE log_sha256 IS NOT NULL
                UNION ALL SELECT job_id || ' checkpoint ' || step, sha256 FROM checkpoint
                UNION ALL SELECT dataset_id || ' version ' || version, sha256 FROM dataset_version
                UNION ALL SELECT upload_id || ' part ' || number, sha256 FROM upload_part) AS named
            WHERE NOT EXISTS (SELECT 1 FROM blob WHERE blob.sha256 = named.sha256 AND NOT deleting)
            ORDER BY subject LIMIT :limit
        """),
    ),
    Invariant(
        "log_incomplete",
        "its log has not as many bytes as were stored",
        "Read the log as far as it goes, and restore the database from a backup if it matters.",
        Statement("""
            SELECT job_id || ' attempt ' || number AS subject FROM attempt JOIN job ON job.id = job_id
            LEFT JOIN blob ON blob.sha256 = log_sha256
            WHERE log_bytes > 0 AND job.project_id <> 'prj_discarded' AND log_bytes <> CASE
                WHEN log_sha256 IS NOT NULL THEN COALESCE(blob.size, -1)
                ELSE COALESCE((SELECT sum(length(data)) FROM log_chunk
                    WHERE log_chunk.job_id = attempt.job_id AND log_chunk.attempt = attempt.number
                      AND log_chunk.start < log_bytes),
                    CASE WHEN job.finished_at IS NULL THEN -1 ELSE log_bytes END) END
            ORDER BY job_id, number LIMIT :limit
        """),
    ),
    Invariant(
        "blob_stuck",
        "its removal began more than an hour ago and has not ended",
        "Run `trainshed admin gc`; if it stays, see whether the store lets it be deleted.",
        Statement("""
            SELECT sha256 AS subject FROM blob WHERE deleting AND touched_at < {now} - :stuck_s
            ORDER BY sha256 LIMIT :limit
        """),
    ),
    Invariant(
        "idempotency_key_expired",
        "it should have been forgotten a day ago",
        _RECONCILER,
        Statement("""
            SELECT key AS subject FROM idempotency_key WHERE created_at < {now} - :old_key_s ORDER BY key LIMIT :limit
        """),
    ),
)


def list_broken(conn: Connection, invariant: Invariant, *, limit: int) -> list[str]:
    """Return what breaks the invariant."""
    parameters = {"late_s": LATE_S, "stuck_s": STUCK_S, "old_key_s": OLD_KEY_S}
    text = invariant.broken.on(conn.dialect.name).text
    wanted = {name: value for name, value in parameters.items() if f":{name}" in text}
    return list(invariant.broken.run(conn, wanted, limit=limit).scalars())


_INTEGRITY: Final = {
    "sqlite": (
        Statement("SELECT integrity_check AS problem FROM pragma_integrity_check WHERE integrity_check <> 'ok'"),
        Statement("""
            SELECT "table" || ' row ' || COALESCE(rowid, 0) || ' names a row of ' || parent || ' that is not there'
                AS problem FROM pragma_foreign_key_check
        """),
    ),
    "postgresql": (
        Statement("""
            SELECT 'index ' || relname || ' is not valid' AS problem
            FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid WHERE NOT indisvalid ORDER BY relname
        """),
        Statement("""
            SELECT 'constraint ' || conname || ' was never checked' AS problem
            FROM pg_constraint WHERE NOT convalidated ORDER BY conname
        """),
    ),
}


def list_damage(conn: Connection, *, limit: int) -> list[str]:
    """Return what the database itself says of its own state."""
    found: list[str] = []
    for statement in _INTEGRITY[conn.dialect.name]:
        found += statement.run(conn).scalars().fetchmany(limit)
    return found


_BLOBS: Final = Statement(f"""
    SELECT sha256, size, NOT ({UNNAMED}) AS named FROM blob
    WHERE sha256 >= :first AND sha256 < :stop AND NOT deleting ORDER BY sha256
""")
_IS_NAMED: Final = Statement(f"SELECT 1 FROM blob WHERE sha256 = :sha256 AND NOT deleting AND NOT ({UNNAMED})")
_COUNT: Final = Statement(f"SELECT count(*) FROM blob WHERE NOT deleting AND NOT ({UNNAMED})")


def list_blobs(conn: Connection, first: str, stop: str) -> Sequence[Row[Any]]:
    """Return `sha256`, `size` and whether it is `named`, of blobs from digest `first` up to and without `stop`."""
    return _BLOBS.run(conn, first=first, stop=stop).all()


def is_named(conn: Connection, sha256: str) -> bool:
    """Whether anything names the blob."""
    return _IS_NAMED.run(conn, sha256=sha256).first() is not None


def count_named(conn: Connection) -> int:
    """Return how many blobs are named."""
    found: int = _COUNT.run(conn).scalar_one()
    return found
