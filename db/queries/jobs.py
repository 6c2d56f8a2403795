"""Jobs: one in full, and how far some have come. Pages of many are in `job_pages`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row

from db.engine import Database
from db.models.base import Json
from db.sql import Statement
from trainshed.states import JobState


@dataclass(frozen=True, slots=True)
class JobDetails:
    """A job with all that belongs to it.

    `job` has the columns of its table, `project`, the name of its project, and `ahead`: how many jobs come before it in
    its pool, None when it is not queued.
    """

    job: Row[Any]
    depends_on: tuple[str, ...]
    metrics: dict[str, float]
    """Latest value of each series that the job reported."""
    attempts: Sequence[Row[Any]]


_AHEAD: Final = """CASE WHEN job.state = 'queued' THEN
            (SELECT count(*) FROM (
                SELECT 1 FROM job AS ahead WHERE ahead.state = 'queued' AND ahead.pool = job.pool
                    AND ahead.priority > job.priority LIMIT :most_ahead) AS higher)
            + (SELECT count(*) FROM (
                SELECT 1 FROM job AS ahead WHERE ahead.state = 'queued' AND ahead.pool = job.pool
                    AND ahead.priority = job.priority AND (ahead.not_before, ahead.id) < (job.not_before, job.id)
                LIMIT :most_ahead) AS earlier)
        END"""
_JOB: Final = Statement(
    f"""
    SELECT job.*, project.name AS project,
        (SELECT {{json_list}}(needs_id) FROM dependency WHERE job_id = job.id) AS depends_on,
        {_AHEAD} AS ahead
    FROM job JOIN project ON project.id = job.project_id
    WHERE job.id = :job_id AND job.project_id = :project_id
""",
    spec=Json,
    labels=Json,
    progress=Json,
    depends_on=Json,
)
_ATTEMPTS: Final = Statement(
    "SELECT * FROM attempt WHERE job_id = :job_id ORDER BY number DESC LIMIT :limit", facts=Json
)
_LATEST: Final = Statement("""
    SELECT name, last_value FROM metric_series WHERE job_id = :job_id AND name NOT LIKE 'system/%'
    ORDER BY name LIMIT :limit
""")
MOST_AHEAD: Final = 1_000
"""Of each of two kinds, higher priority and longer wait, so many jobs are counted that come before a queued one."""
_MOST_ATTEMPTS: Final = 1_000
_MOST_SERIES: Final = 10_000


def get_job(conn: Connection, project_id: str, job_id: str) -> JobDetails | None:
    """Return a job of the project with its dependencies, latest metrics and attempts. One that never ran: one query."""
    job = _JOB.run(conn, job_id=job_id, project_id=project_id, most_ahead=MOST_AHEAD).one_or_none()
    if job is None:
        return None
    depends_on = tuple(sorted(job.depends_on or ()))
    if job.attempt == 0:
        return JobDetails(job, depends_on, {}, ())
    attempts = _ATTEMPTS.run(conn, job_id=job_id, limit=_MOST_ATTEMPTS).all()
    latest = _LATEST.run(conn, job_id=job_id, limit=_MOST_SERIES)
    return JobDetails(job, depends_on, {row.name: row.last_value for row in latest}, attempts[::-1])


_FORM: Final = Statement(f"""
    SELECT version, attempt, {_AHEAD},
        (SELECT log_bytes FROM attempt WHERE attempt.job_id = job.id AND attempt.number = job.attempt)
    FROM job WHERE id = :job_id AND project_id = :project_id
""")


def get_form(database: Database, project_id: str, job_id: str) -> tuple[Any, ...] | None:
    """Return what changes whenever anything that a reader sees of the job does, or None. By one cheap statement."""
    return database.glance(_FORM, job_id=job_id, project_id=project_id, most_ahead=MOST_AHEAD)


def form_of(details: JobDetails) -> tuple[Any, ...]:
    """Return the same of a job that was read."""
    log_bytes = details.attempts[-1].log_bytes if details.attempts else None
    return (details.job.version, details.job.attempt, details.job.ahead, log_bytes)


_EXISTS: Final = Statement("SELECT state, event_seq FROM job WHERE id = :job_id AND project_id = :project_id")


def get_state(conn: Connection, project_id: str, job_id: str) -> Row[Any] | None:
    """Return `state` and `event_seq` of a job of the project, or None."""
    return _EXISTS.run(conn, job_id=job_id, project_id=project_id).one_or_none()


_SPEC: Final = Statement("SELECT state, spec FROM job WHERE id = :job_id AND project_id = :project_id", spec=Json)


def get_spec(conn: Connection, project_id: str, job_id: str) -> Row[Any] | None:
    """Return `state` and `spec` of a job of the project, or None."""
    return _SPEC.run(conn, job_id=job_id, project_id=project_id).one_or_none()


_DEPENDENTS: Final = Statement("""
    SELECT job.id FROM dependency JOIN job ON job.id = dependency.job_id
    WHERE dependency.needs_id = :job_id AND job.finished_at IS NULL ORDER BY job.id LIMIT :limit
""")


def unfinished_dependents(conn: Connection, job_id: str, *, limit: int = 10) -> list[str]:
    """Return jobs that need this one and have not finished."""
    return list(_DEPENDENTS.run(conn, job_id=job_id, limit=limit).scalars())


_HOW_FAR: Final = """
    SELECT job.id, job.version, job.attempt, job.event_seq, job.state, COALESCE(attempt.log_bytes, 0) AS log_bytes
    FROM job LEFT JOIN attempt ON attempt.job_id = job.id AND attempt.number = job.attempt
    WHERE job.id
"""
# All of them in one parameter: a text that depends on their number would be compiled and planned for each.
_MARKS: Final = {
    "postgresql": Statement(f"{_HOW_FAR} = ANY(CAST(:job_ids AS varchar[]))"),
    "sqlite": Statement(f"{_HOW_FAR} IN (SELECT value FROM json_each(:job_ids))"),
}


def get_marks(conn: Connection, job_ids: Sequence[str]) -> Sequence[Row[Any]]:
    """Return `version`, `attempt`, `event_seq`, `state` and the `log_bytes` of the latest attempt of each job.

    Whatever its project.
    """
    dialect = conn.dialect.name
    return _MARKS[dialect].run(conn, job_ids=list(job_ids) if dialect == "postgresql" else json.dumps(job_ids)).all()


_LOCK: Final = Statement("SELECT state FROM job WHERE id = :job_id AND project_id = :project_id {lock}")


def lock_state(conn: Connection, project_id: str, job_id: str) -> JobState | None:
    """Return the state of a job of the project and hold it there until the end of the transaction."""
    state = _LOCK.run(conn, job_id=job_id, project_id=project_id).scalar_one_or_none()
    return None if state is None else JobState(state)
