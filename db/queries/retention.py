"""What a policy would remove now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from db.retention import IS_LOG, NEEDED, START, Place, Policy, due_before
from db.sql import Statement

MOST_JOBS: Final = 10_000
"""So many jobs are counted of each kind, the oldest first."""
_SHOWN: Final = 100


@dataclass(frozen=True, slots=True)
class Cut:
    """What goes of one kind: how many jobs it concerns, and how many bytes. `job_ids` are the first of them."""

    jobs: int
    bytes: int
    job_ids: tuple[str, ...]
    more: bool
    """Whether there is more than was counted."""


@dataclass(frozen=True, slots=True)
class Report:
    """What goes of a project."""

    jobs: Cut
    logs: Cut
    artifacts: Cut


_LOG_BYTES: Final = """COALESCE((SELECT sum(log_bytes) FROM attempt
    WHERE attempt.job_id = job.id AND (log_sha256 IS NOT NULL OR EXISTS (SELECT 1 FROM log_chunk
        WHERE log_chunk.job_id = attempt.job_id AND log_chunk.attempt = attempt.number))), 0)"""
_FILE_BYTES: Final = """COALESCE((SELECT sum(blob.size) FROM artifact JOIN blob ON blob.sha256 = artifact.sha256
    WHERE artifact.job_id = job.id), 0)"""
_OTHER_FILE_BYTES: Final = f"""COALESCE((SELECT sum(blob.size) FROM artifact JOIN blob ON blob.sha256 = artifact.sha256
    WHERE artifact.job_id = job.id AND NOT {IS_LOG}), 0)"""
_OTHER_FILES: Final = f"EXISTS (SELECT 1 FROM artifact WHERE artifact.job_id = job.id AND NOT {IS_LOG})"
_LOG_FILE_BYTES: Final = f"""COALESCE((SELECT sum(blob.size) FROM artifact JOIN blob ON blob.sha256 = artifact.sha256
    WHERE artifact.job_id = job.id AND {IS_LOG}), 0)"""
_STAYS: Final = f"((finished_at, id) >= (:stays_at, :stays_id) OR {NEEDED})"


def _cut(size: str, condition: str) -> Statement:
    return Statement(f"""
        SELECT id, {size} AS size FROM job
        WHERE project_id = :project_id AND finished_at IS NOT NULL AND (finished_at, id) < (:stop_at, :stop_id)
          AND {condition}
        ORDER BY finished_at, id LIMIT :limit
    """)


# A compacted log is an artifact as well; its bytes count once.
_JOBS: Final = _cut(f"{_LOG_BYTES} + {_FILE_BYTES} - {_LOG_FILE_BYTES}", f"NOT {NEEDED}")
_LOGS: Final = _cut(_LOG_BYTES, f"{_STAYS} AND {_LOG_BYTES} > 0")
_ARTIFACTS: Final = _cut(_OTHER_FILE_BYTES, f"{_STAYS} AND NOT {NEEDED} AND {_OTHER_FILES}")


def report(conn: Connection, project_id: str, policy: Policy, *, limit: int = MOST_JOBS) -> Report:
    """Return what the policy would remove, as far as the oldest `limit` jobs of each kind. Writes nothing."""
    stays = due_before(conn, project_id, policy.jobs)
    return Report(
        jobs=_count(conn, _JOBS, project_id, stop=stays, limit=limit),
        logs=_count(conn, _LOGS, project_id, stop=due_before(conn, project_id, policy.logs), stays=stays, limit=limit),
        artifacts=_count(
            conn, _ARTIFACTS, project_id, stop=due_before(conn, project_id, policy.artifacts), stays=stays, limit=limit
        ),
    )


def _count(
    conn: Connection, cut: Statement, project_id: str, *, stop: Place, limit: int, stays: Place | None = None
) -> Cut:
    if stop == START:
        return Cut(0, 0, (), more=False)
    parameters = {"project_id": project_id, "stop_at": stop.finished_at, "stop_id": stop.job_id, "limit": limit + 1}
    if stays is not None:
        parameters |= {"stays_at": stays.finished_at, "stays_id": stays.job_id}
    rows = cut.run(conn, parameters).all()
    counted = rows[:limit]
    shown = tuple(row.id for row in counted[:_SHOWN])
    return Cut(len(counted), int(sum(row.size for row in counted)), shown, more=len(rows) > limit)
