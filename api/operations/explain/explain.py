"""Puts the explanation of a job together."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Row
from starlette.concurrency import run_in_threadpool

from api.auth.principal import Principal
from api.operations.explain.evidence import MOST_BYTES, pick_evidence
from api.operations.explain.history import failure_of, retries_of
from api.operations.explain.rules import Judged, judge
from api.operations.jobs import not_found
from api.operations.log_bytes import LogGone
from api.operations.logs import FromLastLines, read_log
from api.operations.parts import Parts
from api.operations.present import moment
from db.engine import Database
from db.queries.jobs import JobDetails, get_job
from trainshed.explanation import Explanation, Failure, Retry
from trainshed.states import JobRequest, JobState

_WAITING: Final = frozenset({JobState.BLOCKED, JobState.QUEUED})
_REQUESTED: Final = {
    JobRequest.CANCEL: "It was asked to end, and has its grace time to do so.",
    JobRequest.PAUSE: "It was asked to pause: it keeps its state, and stops.",
    JobRequest.PREEMPT: "Its worker is to be free: it keeps its state, and goes back to the queue.",
}


async def explain_job(parts: Parts, who: Principal, job_id: str) -> Explanation:
    """Say why a job of the caller's project is where it is. Raises `NotFound`."""
    details, judged = await run_in_threadpool(_look, parts.database, who, job_id)
    evidence: tuple[str, ...] = ()
    if details.job.state == JobState.FAILED and details.attempts:
        evidence = await _evidence(parts, who, job_id)
    retries = retries_of(details.job, details.attempts)
    return _explanation(details.job, judged, retries, failure_of(details.job, details.attempts, evidence))


def _look(database: Database, who: Principal, job_id: str) -> tuple[JobDetails, Judged | None]:
    with database.read() as conn:
        details = get_job(conn, who.project_id, job_id)
        if details is None:
            raise not_found(job_id)
        return details, judge(conn, details.job) if details.job.state in _WAITING else None


async def _evidence(parts: Parts, who: Principal, job_id: str) -> tuple[str, ...]:
    try:
        piece = await read_log(
            parts, who, job_id, attempt=None, start=FromLastLines(MOST_BYTES, MOST_BYTES), limit=MOST_BYTES
        )
    except LogGone:
        return ()
    return pick_evidence(piece.content)


def _explanation(
    job: Row[Any], judged: Judged | None, retries: tuple[Retry, ...], failure: Failure | None
) -> Explanation:
    clear = judged is not None and job.state == JobState.QUEUED and judged.broken is None
    comes_later = job.state == JobState.QUEUED and job.queued_at is not None and job.not_before > job.queued_at
    return Explanation(
        job_id=job.id,
        state=job.state,
        reason=job.reason,
        summary=_summary(job, judged, failure),
        clear=clear,
        rules=() if judged is None else judged.rules,
        ahead=None if judged is None else judged.ahead,
        ahead_is_more=judged is not None and judged.ahead_is_more,
        not_before=moment(job.not_before) if comes_later else None,
        workers=() if judged is None else judged.workers,
        retries=retries,
        failure=failure,
    )


def _summary(job: Row[Any], judged: Judged | None, failure: Failure | None) -> str:
    if judged is not None:
        return _why_waiting(job, judged)
    if failure is not None:
        return " ".join((failure.message or failure.meaning, *failure.remedies[:1]))
    if job.state == JobState.RUNNING:
        return job.message if job.request is None else _REQUESTED[JobRequest(job.request)]
    if job.state == JobState.PAUSED:
        return f"{job.message} Let it go on: trainshed job resume {job.id}"
    return str(job.message)


def _why_waiting(job: Row[Any], judged: Judged) -> str:
    if (broken := judged.broken) is not None:
        return " ".join(filter(None, (broken.message, broken.remedy)))
    if job.state == JobState.BLOCKED:
        return "Nothing keeps it back any more; it is about to be queued."
    return "Nothing stands in its way: a worker takes it when it looks next, within seconds."
