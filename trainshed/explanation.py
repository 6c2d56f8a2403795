"""What `GET /api/v1/jobs/{id}/explain` answers: why a job is where it is, and what would move it on."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import Field

from trainshed.states import AttemptOutcome, JobState
from trainshed.wire import WireModel


class RuleName(StrEnum):
    """What must be so before a worker takes a job, in the order in which it is judged."""

    NOT_HELD = "not_held"
    DEPENDENCIES = "dependencies"
    NOT_BEFORE = "not_before"
    WORKERS = "workers"
    TAKES_JOBS = "takes_jobs"
    RUNS_COMMANDS = "runs_commands"
    LARGE_ENOUGH = "large_enough"
    ROOM = "room"
    FIRST = "first"


class Rule(WireModel):
    """One rule, and whether it holds."""

    name: RuleName
    holds: bool | None
    """None: not judged, because of one before it that does not hold."""
    message: str
    remedy: str = ""
    """What would make it hold. Empty where it holds, or where time alone will do."""
    facts: dict[str, Any] = Field(default_factory=dict)


class Fit(WireModel):
    """How a job and one worker of its pool suit each other."""

    worker_id: str
    worker_name: str
    obstacle: RuleName | None
    """The first rule that does not hold there. None: this worker takes the job when it looks next."""
    message: str


class Retry(WireModel):
    """Why an attempt was not the last one."""

    attempt: int
    outcome: AttemptOutcome
    message: str
    charged: bool
    allowed: int
    """How many retries the spec allows after such an outcome."""
    used: int
    """How many of them this retry and those before it used up."""


class Failure(WireModel):
    """Why a job did not succeed."""

    reason: str
    """Class of the failure: an outcome of an attempt, or why it never ran."""
    meaning: str
    message: str
    attempt: int
    exit_code: int | None = None
    signal: int | None = None
    evidence: tuple[str, ...] = ()
    """Lines of the log of its last attempt that tell most, without colours."""
    remedies: tuple[str, ...] = ()
    """What to try, the likeliest first."""


class Explanation(WireModel):
    """Why a job is where it is."""

    job_id: str
    state: JobState
    reason: str
    summary: str
    """All of it in a sentence or two."""
    clear: bool
    """Whether it is queued and nothing stands in its way: some worker takes it when it looks next."""
    rules: tuple[Rule, ...] = ()
    """Of a job that waits."""
    ahead: int | None = None
    """How many jobs of its pool that could start come before a queued one."""
    ahead_is_more: bool = False
    """Whether no more than so many were counted."""
    not_before: datetime | None = None
    """Earliest start, while that has not come."""
    workers: tuple[Fit, ...] = ()
    """Of a job that waits: the workers of its pool."""
    retries: tuple[Retry, ...] = ()
    failure: Failure | None = None
