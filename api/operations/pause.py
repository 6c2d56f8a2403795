"""Pauses a job and resumes it: a running one by asking its worker, a waiting one by holding it."""

from __future__ import annotations

import structlog
from sqlalchemy import Connection

from api.auth.principal import Principal
from api.operations.jobs import Versioned, not_found, read_job
from api.operations.parts import Parts
from db import transitions
from db.queries.jobs import lock_state
from db.requests import request_pause
from trainshed.errors import AlreadyFinished, Conflict
from trainshed.states import JobState

log = structlog.get_logger(__name__)


def pause(parts: Parts, who: Principal, job_id: str) -> Versioned:
    """Have a job stop until it is resumed, and return it. To repeat it does no harm.

    Raises `NotFound`, and `AlreadyFinished`.
    """
    with parts.database.begin() as conn:
        state = _locked(conn, who, job_id)
        match state:
            case JobState.RUNNING:
                request_pause(conn, job_id, who.by)
            case JobState.QUEUED | JobState.BLOCKED:
                transitions.hold(conn, job_id, who.by)
            case _:
                pass
        paused = read_job(conn, who, job_id)
    parts.tail.nudge(job_id)
    log.info("job.pause_requested", job_id=job_id, state=state.value)
    return paused


def resume(parts: Parts, who: Principal, job_id: str) -> Versioned:
    """Queue a paused job again, or release a held one, and return it. To repeat it does no harm.

    Raises `NotFound`, `AlreadyFinished`, and `Conflict` while it is still being paused.
    """
    with parts.database.begin() as conn:
        state = _locked(conn, who, job_id)
        match state:
            case JobState.PAUSED:
                moved = transitions.resume(conn, job_id, who.by)
            case JobState.BLOCKED:
                moved = transitions.unhold(conn, job_id, who.by)
            case _:
                moved = None
        resumed = read_job(conn, who, job_id)
        if resumed.job.request == "pause":
            raise Conflict(
                f"Job {job_id} is still being paused.",
                facts={"job_id": job_id, "state": state.value},
                remedy="Resume it when it is paused: `trainshed job get` shows its state.",
            )
    parts.publisher.hint(frozenset() if moved is None else moved.woken_pools)
    parts.tail.nudge(job_id)
    log.info("job.resumed", job_id=job_id, state=state.value)
    return resumed


def _locked(conn: Connection, who: Principal, job_id: str) -> JobState:
    state = lock_state(conn, who.project_id, job_id)
    if state is None:
        raise not_found(job_id)
    if state.is_terminal:
        raise AlreadyFinished(f"Job {job_id} has ended {state}.", facts={"job_id": job_id, "state": state.value})
    return state
