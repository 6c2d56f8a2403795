"""What should happen, worked out in Python from `trainshed.states` and the specs, without a look at any SQL."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from db.transitions import Capacity
from tests.sim.snapshot import AttemptRow, JobRow, Snapshot
from trainshed.specs import Retry
from trainshed.states import TRANSITIONS, UNCHARGED_OUTCOMES, AttemptOutcome, JobState, Transition

MOVES: Final[Mapping[str, Transition]] = {move.name: move for move in TRANSITIONS}
CLOCK_SLACK_S: Final = 0.01
"""A virtual time goes through a Julian day and back, and loses some microseconds on the way."""
SETUP_RETRY_S: Final = 2.0
_JITTER: Final = 0.2


@dataclass(frozen=True, slots=True)
class Verdict:
    """What must become of a job after an attempt: its state, whether the attempt counts, the wait before a retry."""

    state: JobState
    charged: bool
    shortest_wait_s: float = 0.0
    longest_wait_s: float = 0.0


def verdict(
    job: JobRow, outcome: AttemptOutcome, retry: Retry, attempts: Mapping[tuple[str, int], AttemptRow]
) -> Verdict:
    """Return what an attempt that ends in `outcome` must lead to, when `attempts` are those before it ends."""
    charged = outcome not in UNCHARGED_OUTCOMES
    if outcome is AttemptOutcome.SUCCEEDED:
        return Verdict(JobState.SUCCEEDED, charged)
    if outcome is AttemptOutcome.CANCELLED or job.request == "cancel":
        return Verdict(JobState.CANCELLED, charged)
    asked_to_pause = job.request == "pause"
    if outcome is AttemptOutcome.PAUSED or (asked_to_pause and not charged):
        return Verdict(JobState.PAUSED, charged)
    if outcome is AttemptOutcome.SETUP_FAILED:
        return Verdict(JobState.QUEUED, charged, SETUP_RETRY_S, SETUP_RETRY_S)
    if not charged:
        return Verdict(JobState.QUEUED, charged)
    used = sum(row.charged and row.outcome == outcome for key, row in attempts.items() if key[0] == job.id)
    if used >= retry.budget.allowed(outcome):
        return Verdict(JobState.FAILED, charged)
    if asked_to_pause:
        return Verdict(JobState.PAUSED, charged)
    if outcome is AttemptOutcome.WORKER_LOST and used == 0:
        return Verdict(JobState.QUEUED, charged)
    wait_s = min(retry.backoff.initial * retry.backoff.factor**used, retry.backoff.max)
    return Verdict(JobState.QUEUED, charged, wait_s * (1 - _JITTER), wait_s * (1 + _JITTER))


def best_claim(seen: Snapshot, capacity: Capacity, now: float, *, locked: Collection[str] = ()) -> JobRow | None:
    """Return the job that a claim must win; `locked` are rows that another transaction holds."""
    worker = seen.workers.get(capacity.worker_id)
    if worker is not None and worker.drain:
        return None
    fitting = [job for job in seen.jobs.values() if job.id not in locked and _may_run(job, capacity, now)]
    return min(fitting, key=_rank, default=None)


def next_of_pools(seen: Snapshot, now: float) -> list[JobRow]:
    """Return the job that comes next in each pool, whatever it needs."""
    waiting = [job for job in seen.jobs.values() if _waits(job, now)]
    pools = sorted({job.pool for job in waiting})
    return [min((job for job in waiting if job.pool == pool), key=_rank) for pool in pools]


def _rank(job: JobRow) -> tuple[int, float, str]:
    return -job.priority, job.not_before, job.id


def _waits(job: JobRow, now: float) -> bool:
    return job.state == JobState.QUEUED and job.not_before <= now + CLOCK_SLACK_S


def _may_run(job: JobRow, capacity: Capacity, now: float) -> bool:
    return (
        _waits(job, now)
        and job.pool == capacity.pool
        and (capacity.slot_cpus if job.cpus is None else job.cpus) <= capacity.cpus
        and (job.memory_bytes or 0) <= capacity.memory_bytes
        and job.gpus <= capacity.gpus
        and (job.kind != "command" or capacity.runs_commands)
    )


def parents_of(seen: Snapshot, job_id: str) -> list[str]:
    """Return the states of the jobs that a job needs."""
    return [seen.jobs[needed].state for needed in seen.needs.get(job_id, ()) if needed in seen.jobs]


def has_failed_parent(seen: Snapshot, job_id: str) -> bool:
    """Whether a job that it needs ended, and not in success."""
    return any(state in {JobState.FAILED, JobState.CANCELLED} for state in parents_of(seen, job_id))


def all_parents_succeeded(seen: Snapshot, job_id: str) -> bool:
    """Whether nothing keeps it from the queue but a hold."""
    return all(state == JobState.SUCCEEDED for state in parents_of(seen, job_id))
