"""Ends a job: at once where no worker holds it, otherwise by asking its worker."""

from __future__ import annotations

import structlog

from api.auth.principal import Principal
from api.operations.jobs import not_found, read_job
from api.operations.parts import Parts
from db import transitions
from db.queries.jobs import lock_state
from db.requests import request_cancel
from trainshed import wire
from trainshed.errors import AlreadyFinished
from trainshed.states import JobState, Reason

log = structlog.get_logger(__name__)


def cancel(parts: Parts, who: Principal, job_id: str) -> wire.Job:
    """Cancel a job and return it. To repeat it does no harm. Raises `NotFound` or `AlreadyFinished`."""
    woken: frozenset[str] = frozenset()
    with parts.database.begin() as conn:
        # Locked, the job cannot move between the look and the move: there is no race to lose.
        state = lock_state(conn, who.project_id, job_id)
        if state is None:
            raise not_found(job_id)
        if state.is_terminal:
            raise AlreadyFinished(f"Job {job_id} has ended {state}.", facts={"job_id": job_id, "state": state.value})
        if state is JobState.RUNNING:
            request_cancel(conn, job_id, who.by)
        else:
            moved = transitions.cancel(
                conn, job_id, who.by, reason=Reason.CANCELLED_BY_USER, message="Was cancelled by a user."
            )
            assert moved is not None
            woken = moved.woken_pools
        cancelled = read_job(conn, who, job_id).job
    parts.publisher.hint(woken)
    parts.tail.nudge(job_id)
    log.info("job.cancel_requested", job_id=job_id, state=state.value)
    return cancelled
