"""Why the attempts of a job were not its last, and why it did not succeed in the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Row

from db.outcomes import retry_policy
from trainshed.explanation import Failure, Retry
from trainshed.outcomes import ADVICE
from trainshed.states import AttemptOutcome, JobState, Reason


def retries_of(job: Row[Any], attempts: Sequence[Row[Any]]) -> tuple[Retry, ...]:
    """Return the attempts that ended and after which the job went on, the first one first."""
    waits = job.state not in {JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED}
    ended = [attempt for attempt in attempts if attempt.ended_at is not None]
    return tuple(_retries(job, ended if waits else ended[:-1]))


def _retries(job: Row[Any], ended: Sequence[Row[Any]]) -> Iterator[Retry]:
    budget = retry_policy(job.spec).budget
    used: Counter[str] = Counter()
    for attempt in ended:
        used[attempt.outcome] += bool(attempt.charged)
        outcome = AttemptOutcome(attempt.outcome)
        yield Retry(
            attempt=attempt.number,
            outcome=outcome,
            message=attempt.message,
            charged=bool(attempt.charged),
            allowed=budget.allowed(outcome),
            used=used[attempt.outcome],
        )


def failure_of(job: Row[Any], attempts: Sequence[Row[Any]], evidence: tuple[str, ...]) -> Failure | None:
    """Return why a job ended without success, and what to try. None for one that did not."""
    if job.state not in {JobState.FAILED, JobState.CANCELLED}:
        return None
    last = attempts[-1] if attempts else None
    advice = ADVICE[Reason(job.reason)]
    return Failure(
        reason=job.reason,
        meaning=advice.meaning,
        message=job.message,
        attempt=job.attempt,
        exit_code=None if last is None else last.exit_code,
        signal=None if last is None else last.signal,
        evidence=evidence,
        remedies=tuple(remedy.replace("ID", job.id) for remedy in advice.remedies),
    )
