"""From how an attempt ended to what becomes of the job: one match, used by the worker and by the reaper alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, assert_never

from sqlalchemy import Connection

from db import transitions
from db.leases import Lease
from db.models.base import Json
from db.sql import Statement
from db.transitions import By, Ending, Moved, StaleLease
from trainshed.specs import Retry
from trainshed.states import AttemptOutcome, JobRequest, JobState, Reason

_SETUP_RETRY_S: Final = 2.0
"""Wait after an attempt that never started: long enough that a broken worker does not spin."""

_SITUATION: Final = Statement("SELECT spec, request FROM job WHERE id = :job_id", spec=Json)
_USED: Final = Statement("SELECT count(*) FROM attempt WHERE job_id = :job_id AND outcome = :outcome")


@dataclass(frozen=True, slots=True)
class _Situation:
    request: JobRequest | None
    retry: Retry
    used: int
    """Retries of this class that are used up."""


def conclude(conn: Connection, lease: Lease | StaleLease, ending: Ending, by: By, *, jitter: float) -> Moved | None:
    """Make the one move that `ending` calls for. `jitter` is a draw from [0, 1). None: the attempt was superseded."""
    situation = _situation(conn, lease.job_id, ending.outcome)
    match ending.outcome:
        case AttemptOutcome.SUCCEEDED:
            return _finish(conn, lease, ending, by, JobState.SUCCEEDED, Reason.COMPLETED)
        case AttemptOutcome.CANCELLED:
            return _finish(conn, lease, ending, by, JobState.CANCELLED, Reason.CANCELLED_BY_USER)
        case _ if situation.request is JobRequest.CANCEL:
            return _finish(conn, lease, ending, by, JobState.CANCELLED, Reason.CANCELLED_BY_USER)
        case AttemptOutcome.PREEMPTED | AttemptOutcome.PAUSED | AttemptOutcome.SETUP_FAILED:
            return _give_back(conn, lease, ending, by, situation)
        case (
            AttemptOutcome.USER_ERROR
            | AttemptOutcome.CRASHED
            | AttemptOutcome.INVALID_DATA
            | AttemptOutcome.OUT_OF_MEMORY
            | AttemptOutcome.TIMED_OUT
            | AttemptOutcome.STALLED
            | AttemptOutcome.DIVERGED
            | AttemptOutcome.WORKER_LOST
            | AttemptOutcome.STORAGE_FAILED
        ):
            if situation.used >= situation.retry.budget.allowed(ending.outcome):
                return _finish(conn, lease, ending, by, JobState.FAILED, Reason(ending.outcome.value))
            return _try_again(conn, lease, ending, by, situation, jitter=jitter)
        case AttemptOutcome.RUNNING:
            raise ValueError("an attempt that goes on has no ending")
        case _:
            assert_never(ending.outcome)


def times_ended(conn: Connection, job_id: str, outcome: AttemptOutcome) -> int:
    """Return how many attempts of a job ended so."""
    return int(_USED.run(conn, job_id=job_id, outcome=outcome.value).scalar_one())


def _situation(conn: Connection, job_id: str, outcome: AttemptOutcome) -> _Situation:
    row = _SITUATION.run(conn, job_id=job_id).one()
    used = times_ended(conn, job_id, outcome)
    request = None if row.request is None else JobRequest(row.request)
    return _Situation(request, retry_policy(row.spec), used)


def retry_policy(spec: dict[str, Any]) -> Retry:
    """Read the retry policy of a stored spec."""
    return Retry.model_validate(spec["retry"])


def _delay_s(situation: _Situation, outcome: AttemptOutcome, jitter: float) -> float:
    if outcome is AttemptOutcome.WORKER_LOST and situation.used == 0:
        return 0.0  # the job is not to blame, and its user waits
    return situation.retry.backoff.delay_s(retries_before=situation.used, jitter=jitter)


def _finish(
    conn: Connection, lease: Lease | StaleLease, ending: Ending, by: By, state: JobState, reason: Reason
) -> Moved | None:
    return transitions.finish(conn, lease, ending, by, state=state, reason=reason, message=ending.message)


def _give_back(
    conn: Connection, lease: Lease | StaleLease, ending: Ending, by: By, situation: _Situation
) -> Moved | None:
    """The platform ended the attempt, or a user paused it: nothing is charged."""
    if ending.outcome is AttemptOutcome.PAUSED or situation.request is JobRequest.PAUSE:
        return transitions.pause(conn, lease, ending, by, charged=False)
    set_up = ending.outcome is not AttemptOutcome.SETUP_FAILED
    reason, delay_s = (Reason.PREEMPTED, 0.0) if set_up else (Reason.SETUP_FAILED, _SETUP_RETRY_S)
    return transitions.release(
        conn, lease, ending, by, charged=False, delay_s=delay_s, reason=reason, message=ending.message
    )


def _try_again(
    conn: Connection, lease: Lease | StaleLease, ending: Ending, by: By, situation: _Situation, *, jitter: float
) -> Moved | None:
    if situation.request is JobRequest.PAUSE:
        return transitions.pause(conn, lease, ending, by, charged=True)
    delay_s = _delay_s(situation, ending.outcome, jitter)
    if delay_s == 0:
        reason, message = Reason.WAITING_FOR_CAPACITY, f"{ending.message} Waits for a free worker."
    else:
        reason, message = Reason.RETRY_BACKOFF, f"{ending.message} Tries again in {delay_s:.0f} s."
    return transitions.release(conn, lease, ending, by, charged=True, delay_s=delay_s, reason=reason, message=message)
