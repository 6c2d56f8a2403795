"""From rows to what is shown."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row

from db.queries.jobs import MOST_AHEAD, JobDetails
from trainshed import wire
from trainshed.states import JobState


def job_summary(row: Row[Any], project: str) -> wire.JobSummary:
    return wire.JobSummary(**_summary(row, project))


def job(details: JobDetails) -> wire.Job:
    row = details.job
    return wire.Job(
        **_summary(row, row.project),
        spec=row.spec,
        depends_on=details.depends_on,
        request=row.request,
        not_before=_not_before(row),
        retry_of=row.retry_of,
        held=bool(row.held),
        queue_position=None if row.ahead is None or row.ahead >= MOST_AHEAD else row.ahead + 1,
        latest_metrics=details.metrics,
        attempts=tuple(_attempt(attempt) for attempt in details.attempts),
    )


def event(row: Row[Any]) -> wire.Event:
    return wire.Event(
        job_id=row.job_id,
        seq=row.seq,
        type=row.type,
        state=row.state,
        reason=row.reason,
        message=row.message,
        actor=row.actor,
        cause=row.cause,
        attempt=row.attempt,
        at=moment(row.at),
    )


def artifact(row: Row[Any]) -> wire.Artifact:
    return wire.Artifact(
        path=row.path,
        size=row.size,
        sha256=row.sha256,
        media_type=row.media_type,
        attempt=row.attempt,
        created_at=moment(row.created_at),
    )


def worker(row: Row[Any]) -> wire.Worker:
    return wire.Worker(
        id=row.id,
        name=row.name,
        host=row.host,
        pool=row.pool,
        state=row.state,
        slots=row.slots,
        busy=row.busy,
        drain=bool(row.drain),
        cpus=row.cpus,
        memory_bytes=row.memory_bytes,
        gpus=row.gpus,
        sandbox=row.sandbox,
        runs_commands=bool(row.runs_commands),
        versions=row.versions,
        started_at=moment(row.started_at),
        last_seen_at=moment(row.last_seen_at),
    )


def token(row: Row[Any]) -> wire.Token:
    return wire.Token(
        id=row.id,
        name=row.name,
        role=row.role,
        scopes=None if row.scopes is None else tuple(row.scopes),
        created_at=moment(row.created_at),
        expires_at=_moment_or_none(row.expires_at),
        revoked_at=_moment_or_none(row.revoked_at),
        last_used_at=_moment_or_none(row.last_used_at),
    )


def moment(seconds: float) -> datetime:
    """Return the time that is so many seconds after 1970."""
    return datetime.fromtimestamp(seconds, UTC)


def _moment_or_none(seconds: float | None) -> datetime | None:
    return None if seconds is None else moment(seconds)


def _summary(row: Row[Any], project: str) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "kind": row.kind,
        "project": project,
        "state": row.state,
        "reason": row.reason,
        "message": row.message,
        "labels": row.labels,
        "priority": row.priority,
        "pool": row.pool,
        "attempt": row.attempt,
        "progress": row.progress and wire.Progress(**row.progress),
        "created_at": moment(row.created_at),
        "started_at": _moment_or_none(row.started_at),
        "finished_at": _moment_or_none(row.finished_at),
    }


def _not_before(row: Row[Any]) -> datetime | None:
    """A job that need not wait has a `not_before` too, of the moment it was queued; that says nothing."""
    waits = row.state == JobState.QUEUED and row.queued_at is not None and row.not_before > row.queued_at
    return moment(row.not_before) if waits else None


def _attempt(row: Row[Any]) -> wire.Attempt:
    return wire.Attempt(
        number=row.number,
        outcome=row.outcome,
        message=row.message,
        worker=row.worker_id,
        worker_name=row.worker_name,
        started_at=moment(row.started_at),
        ended_at=_moment_or_none(row.ended_at),
        exit_code=row.exit_code,
        signal=row.signal,
        charged=bool(row.charged),
        log_bytes=row.log_bytes,
        cpu_s=row.cpu_s,
        max_memory_bytes=row.max_memory_bytes,
        facts=row.facts,
    )
