"""Jobs: one in full, a page of many, and how far some have come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, select

from db.models import Job, Project
from db.models.base import Json
from db.sql import Statement
from trainshed.states import JobState


@dataclass(frozen=True, slots=True)
class JobDetails:
    """A job with all that belongs to it. `job` has the columns of its table and `project`, the name of its project."""

    job: Row[Any]
    depends_on: tuple[str, ...]
    metrics: dict[str, float]
    """Latest value of each series."""
    attempts: Sequence[Row[Any]]


_JOB: Final = Statement(
    """
    SELECT job.*, project.name AS project,
        (SELECT {json_list}(needs_id) FROM dependency WHERE job_id = job.id) AS depends_on
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
_LATEST: Final = Statement(
    "SELECT name, last_value FROM metric_series WHERE job_id = :job_id ORDER BY name LIMIT :limit"
)
_MOST_ATTEMPTS: Final = 1_000
_MOST_SERIES: Final = 10_000


def get_job(conn: Connection, project_id: str, job_id: str) -> JobDetails | None:
    """Return a job of the project with its dependencies, latest metrics and attempts. One that never ran: one query."""
    job = _JOB.run(conn, job_id=job_id, project_id=project_id).one_or_none()
    if job is None:
        return None
    depends_on = tuple(sorted(job.depends_on or ()))
    if job.attempt == 0:
        return JobDetails(job, depends_on, {}, ())
    attempts = _ATTEMPTS.run(conn, job_id=job_id, limit=_MOST_ATTEMPTS).all()
    latest = _LATEST.run(conn, job_id=job_id, limit=_MOST_SERIES)
    return JobDetails(job, depends_on, {row.name: row.last_value for row in latest}, attempts[::-1])


_EXISTS: Final = Statement("SELECT state, event_seq FROM job WHERE id = :job_id AND project_id = :project_id")


def get_state(conn: Connection, project_id: str, job_id: str) -> Row[Any] | None:
    """Return `state` and `event_seq` of a job of the project, or None."""
    return _EXISTS.run(conn, job_id=job_id, project_id=project_id).one_or_none()


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs a list shows. An empty part lets all pass."""

    states: tuple[JobState, ...] = ()
    kinds: tuple[str, ...] = ()
    name: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


_SUMMARY: Final = (
    Job.id,
    Project.name.label("project"),
    Job.name,
    Job.kind,
    Job.state,
    Job.reason,
    Job.message,
    Job.labels,
    Job.priority,
    Job.pool,
    Job.attempt,
    Job.progress,
    Job.created_at,
    Job.started_at,
    Job.finished_at,
)


def list_jobs(
    conn: Connection, project_id: str, wanted: JobFilter, *, before: str | None, limit: int
) -> Sequence[Row[Any]]:
    """Return the newest jobs of the project that pass, older than the job `before`. Specs are not loaded."""
    query = select(*_SUMMARY).join(Project, Project.id == Job.project_id).where(Job.project_id == project_id)
    if wanted.states:
        query = query.where(Job.state.in_(wanted.states))
    if wanted.kinds:
        query = query.where(Job.kind.in_(wanted.kinds))
    if wanted.name is not None:
        query = query.where(Job.name == wanted.name)
    for key, value in wanted.labels.items():
        query = query.where(Job.labels[key].as_string() == value)
    if before is not None:
        query = query.where(Job.id < before)
    return conn.execute(query.order_by(Job.id.desc()).limit(limit)).all()


_MARKS: Final = Statement("SELECT id, version, attempt, event_seq, state FROM job WHERE id IN :job_ids")


def get_marks(conn: Connection, job_ids: Sequence[str]) -> Sequence[Row[Any]]:
    """Return `version`, `attempt`, `event_seq` and `state` of each job, whatever its project."""
    statement = _MARKS.on(conn.dialect.name).bindparams(bindparam("job_ids", expanding=True))
    return conn.execute(statement, {"job_ids": list(job_ids)}).all()


_LOCK: Final = Statement("SELECT state FROM job WHERE id = :job_id AND project_id = :project_id {lock}")


def lock_state(conn: Connection, project_id: str, job_id: str) -> JobState | None:
    """Return the state of a job of the project and hold it there until the end of the transaction."""
    state = _LOCK.run(conn, job_id=job_id, project_id=project_id).scalar_one_or_none()
    return None if state is None else JobState(state)
