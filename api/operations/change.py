"""Changes a job beside cancelling it: labels, priority, hold and release, deletion."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import structlog
from sqlalchemy import Connection, Row

from api.auth.principal import Principal
from api.operations.jobs import Versioned, etag_of, not_found, read_job
from api.operations.parts import Parts
from db import changes, transitions
from db.deletion import delete_job
from db.queries.jobs import unfinished_dependents
from trainshed.errors import (
    AlreadyFinished,
    Conflict,
    FieldError,
    InUse,
    InvalidRequest,
    NotFinished,
    PreconditionFailed,
)
from trainshed.states import JobState

log = structlog.get_logger(__name__)

_MOST_LABELS: Final = 64


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be different. None: as it is."""

    labels: Mapping[str, str | None] | None = None
    """Merged into the labels; a None removes one."""
    priority: int | None = None
    hold: bool | None = None


def change(
    parts: Parts, who: Principal, job_id: str, wanted: Change, *, is_current: Callable[[str], bool] | None = None
) -> Versioned:
    """Change a job and return it. `is_current` says whether the caller knows the version that has this tag.

    Raises `NotFound`, `PreconditionFailed`, `AlreadyFinished`, `Conflict`, `InvalidRequest`.
    """
    woken: frozenset[str] = frozenset()
    with parts.database.begin() as conn:
        job = _lock(conn, who, job_id)
        etag = etag_of(job.version, job.attempt)
        if is_current is not None and not is_current(etag):
            raise PreconditionFailed(f"Job {job_id} has changed: its ETag is {etag}.", facts={"etag": etag})
        if wanted.labels is not None:
            changes.set_labels(conn, job_id, _merged(job.labels, wanted.labels), who.by)
        if wanted.priority is not None:
            _check_waiting(job_id, job, "has no use for a priority")
            changes.set_priority(conn, job_id, wanted.priority, who.by)
        if wanted.hold is not None and wanted.hold != job.held:
            _check_waiting(job_id, job, "cannot be held")
            woken = _hold_or_release(conn, who, job_id, hold=wanted.hold)
        changed = read_job(conn, who, job_id)
    parts.publisher.hint(woken)
    parts.tail.nudge(job_id)
    log.info("job.changed", job_id=job_id)
    return changed


def delete(parts: Parts, who: Principal, job_id: str) -> None:
    """Remove a finished job and all that belongs to it. Raises `NotFound`, `NotFinished`, `InUse`."""
    with parts.database.begin() as conn:
        state = JobState(_lock(conn, who, job_id).state)
        if not state.is_terminal:
            raise NotFinished(f"Job {job_id} is {state}.", facts={"job_id": job_id, "state": state.value})
        if not delete_job(conn, job_id):
            users = unfinished_dependents(conn, job_id)
            raise InUse(f"{', '.join(users)} still need job {job_id}.", facts={"job_id": job_id, "needed_by": users})
    log.info("job.deleted", job_id=job_id)


def _lock(conn: Connection, who: Principal, job_id: str) -> Row[Any]:
    job = changes.lock_job(conn, who.project_id, job_id)
    if job is None:
        raise not_found(job_id)
    return job


def _hold_or_release(conn: Connection, who: Principal, job_id: str, *, hold: bool) -> frozenset[str]:
    if hold:
        transitions.hold(conn, job_id, who.by)
        return frozenset()
    moved = transitions.unhold(conn, job_id, who.by)
    return frozenset() if moved is None else moved.woken_pools


def _check_waiting(job_id: str, job: Row[Any], why: str) -> None:
    state = JobState(job.state)
    facts = {"job_id": job_id, "state": state.value}
    if state.is_terminal:
        raise AlreadyFinished(f"Job {job_id} has ended {state} and {why}.", facts=facts)
    if state is JobState.RUNNING:
        raise Conflict(
            f"Job {job_id} runs and {why}.", facts=facts, remedy="Cancel it, or let it end; then clone it if need be."
        )


def _merged(labels: Mapping[str, str], changed: Mapping[str, str | None]) -> dict[str, str]:
    merged = {key: value for key, value in {**labels, **changed}.items() if value is not None}
    if len(merged) > _MOST_LABELS:
        message = f"a job has at most {_MOST_LABELS} labels, and this would make {len(merged)}"
        raise InvalidRequest("The request has 1 error.", errors=(FieldError("labels", message),))
    return merged
