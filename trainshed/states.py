"""The life of a job, as data.

Everything that knows which moves are legal derives from this module: the guards in `db/transitions.py`, the CHECK
constraints and the terminal trigger of the schema, `docs/state_machine.md`, and the model of the property tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class JobState(StrEnum):
    """Where a job is. There is one state and never a second one; `Reason` says why."""

    BLOCKED = "blocked"
    """Waits for the jobs it depends on, or is held by a user. `submit` and `hold` move it in; `unblock` and `cancel`
    move it out."""
    QUEUED = "queued"
    """Claimable once its `not_before` has come. A worker's `claim` moves it out."""
    RUNNING = "running"
    """Leased by one worker as one attempt. Only that attempt, or the reaper after its lease, moves it out."""
    PAUSED = "paused"
    """Stopped by hand with a checkpoint. `resume` queues it again, and a worker goes on from the checkpoint."""
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_terminal(self) -> bool:
        return self in TERMINAL_STATES


TERMINAL_STATES: Final = frozenset({JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED})


class AttemptOutcome(StrEnum):
    """How one attempt ended. The retry budget of a spec has one entry for each class that may be retried."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    USER_ERROR = "user_error"
    CRASHED = "crashed"
    INVALID_DATA = "invalid_data"
    OUT_OF_MEMORY = "out_of_memory"
    TIMED_OUT = "timed_out"
    STALLED = "stalled"
    DIVERGED = "diverged"
    PREEMPTED = "preempted"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    WORKER_LOST = "worker_lost"
    SETUP_FAILED = "setup_failed"
    STORAGE_FAILED = "storage_failed"


UNCHARGED_OUTCOMES: Final = frozenset({AttemptOutcome.PREEMPTED, AttemptOutcome.PAUSED, AttemptOutcome.SETUP_FAILED})
"""Outcomes that are the platform's doing: they return the job to the queue and use up no retry budget."""


class Reason(StrEnum):
    """Why a job is in its state. Machine-readable; `message` of the job says the same in words."""

    WAITING_FOR_CAPACITY = "waiting_for_capacity"
    WAITING_FOR_DEPENDENCY = "waiting_for_dependency"
    HELD = "held"
    RETRY_BACKOFF = "retry_backoff"
    PREEMPTED = "preempted"
    STARTING = "starting"
    RUNNING = "running"
    CANCELLING = "cancelling"
    PAUSING = "pausing"
    PAUSED = "paused"
    COMPLETED = "completed"
    CANCELLED_BY_USER = "cancelled_by_user"
    DEPENDENCY_FAILED = "dependency_failed"
    QUEUE_TIMEOUT = "queue_timeout"
    USER_ERROR = "user_error"
    CRASHED = "crashed"
    INVALID_DATA = "invalid_data"
    OUT_OF_MEMORY = "out_of_memory"
    TIMED_OUT = "timed_out"
    STALLED = "stalled"
    DIVERGED = "diverged"
    WORKER_LOST = "worker_lost"
    SETUP_FAILED = "setup_failed"
    STORAGE_FAILED = "storage_failed"


class JobRequest(StrEnum):
    """What a running job has been asked to do. Kept in its row; its worker reads it with each heartbeat."""

    CANCEL = "cancel"
    PAUSE = "pause"
    PREEMPT = "preempt"


class Actor(StrEnum):
    """Who caused an event. A user's event also names the API key."""

    USER = "user"
    WORKER = "worker"
    RECONCILER = "reconciler"


@dataclass(frozen=True, slots=True)
class Transition:
    """One legal move. `sources` is empty for the move that makes a job."""

    name: str
    sources: frozenset[JobState]
    targets: frozenset[JobState]
    moved_by: str

    def allows(self, source: JobState | None, target: JobState) -> bool:
        """Whether a job in `source` (None: no job yet) may be moved to `target` by this move."""
        from_here = not self.sources if source is None else source in self.sources
        return from_here and target in self.targets


def _move(name: str, sources: set[JobState], targets: set[JobState], moved_by: str) -> Transition:
    return Transition(name, frozenset(sources), frozenset(targets), moved_by)


SUBMIT: Final = _move("submit", set(), {JobState.BLOCKED, JobState.QUEUED}, "a submit")
UNBLOCK: Final = _move(
    "unblock", {JobState.BLOCKED}, {JobState.QUEUED}, "the finish of the last job it waited for, or the reconciler"
)
HOLD: Final = _move("hold", {JobState.BLOCKED, JobState.QUEUED}, {JobState.BLOCKED}, "a user")
UNHOLD: Final = _move("unhold", {JobState.BLOCKED}, {JobState.BLOCKED}, "a user who releases it; `unblock` follows")
CLAIM: Final = _move("claim", {JobState.QUEUED}, {JobState.RUNNING}, "a worker with room for it")
RELEASE: Final = _move(
    "release", {JobState.RUNNING}, {JobState.QUEUED}, "its worker (retry, drain) or the reaper (worker lost)"
)
FINISH: Final = _move(
    "finish", {JobState.RUNNING}, set(TERMINAL_STATES), "its worker, or the reaper when no retry is left"
)
PAUSE: Final = _move(
    "pause", {JobState.RUNNING}, {JobState.PAUSED}, "its worker or the reaper, when a user asked for it"
)
RESUME: Final = _move("resume", {JobState.PAUSED}, {JobState.QUEUED}, "a user")
CANCEL: Final = _move(
    "cancel",
    {JobState.BLOCKED, JobState.QUEUED, JobState.PAUSED},
    {JobState.CANCELLED},
    "a user, or the failure of a job it depends on",
)
EXPIRE: Final = _move("expire", {JobState.QUEUED}, {JobState.FAILED}, "the reconciler after `timeout.queue`")

TRANSITIONS: Final = (SUBMIT, UNBLOCK, HOLD, UNHOLD, CLAIM, RELEASE, FINISH, PAUSE, RESUME, CANCEL, EXPIRE)
