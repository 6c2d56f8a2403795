"""From what was seen of a process tree to how the attempt ended: one value, decided in one place."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from db.transitions import Ending
from trainshed.states import AttemptOutcome
from worker.launch.events import BadFrame, Exited, NotStarted
from worker.protocol import Result

_AFTER_A_STALL: Final = (
    "Its log may say what it waited for. With retry.budget.stalled it goes on from its latest checkpoint."
)


class Stop(StrEnum):
    """Why the supervisor itself ended the job. In order of weight: a later one overrides an earlier one."""

    DRAIN = "drain"
    PAUSE = "pause"
    STALL = "stall"
    TIMEOUT = "timeout"
    CANCEL = "cancel"
    SUPERSEDED = "superseded"

    def outweighs(self, other: Stop | None) -> bool:
        order = list(Stop)
        return other is None or order.index(self) > order.index(other)


@dataclass(slots=True)
class Seen:
    """What a supervisor has seen of one job."""

    stop: Stop | None = None
    exited: Exited | None = None
    result: Result | None = None
    not_started: NotStarted | None = None
    bad_frame: BadFrame | None = None
    program: str | None = None
    """The first word of the command; None for a training child."""
    run_timeout_s: float | None = None
    memory_limit_bytes: int | None = None
    cpu_s: float | None = None
    stall: str | None = None
    """Why a training counts as stalled, in words."""


def verdict(seen: Seen) -> Ending:
    """Return how the attempt ended."""
    outcome, message = _outcome(seen)
    exited = seen.exited
    return Ending(
        outcome,
        message,
        exit_code=exited.code if exited else None,
        signal=exited.signal if exited else None,
        cpu_s=seen.cpu_s,
        max_memory_bytes=exited.max_rss_bytes if exited else None,
        facts=_facts(seen.result),
    )


def _outcome(seen: Seen) -> tuple[AttemptOutcome, str]:
    if _succeeded(seen):
        return AttemptOutcome.SUCCEEDED, "Completed."
    if seen.stop is not None:
        return _stopped(seen, seen.stop)
    if seen.not_started is not None:
        return AttemptOutcome.USER_ERROR, _cannot_start(seen.program, seen.not_started)
    if seen.bad_frame is not None:
        return AttemptOutcome.CRASHED, f"Broke the protocol with its supervisor: {seen.bad_frame.detail}."
    if seen.exited is None:
        return AttemptOutcome.CRASHED, "Its init process was killed."
    if seen.exited.out_of_memory:
        limit = (seen.memory_limit_bytes or 0) / 2**20
        return AttemptOutcome.OUT_OF_MEMORY, f"Went beyond its memory limit of {limit:.0f} MiB (resources.memory)."
    if seen.result is not None:
        return seen.result.outcome, " ".join(filter(None, (seen.result.message, seen.result.remedy)))
    return _ended_by_itself(seen.exited, is_program=seen.program is not None)


def _succeeded(seen: Seen) -> bool:
    """A job that did its work has succeeded, even if it was asked to stop when it had."""
    if seen.program is not None:
        return seen.stop is None and seen.exited is not None and seen.exited.code == 0
    return seen.result is not None and seen.result.outcome is AttemptOutcome.SUCCEEDED


def _stopped(seen: Seen, stop: Stop) -> tuple[AttemptOutcome, str]:
    match stop:
        case Stop.CANCEL:
            return AttemptOutcome.CANCELLED, "Cancelled."
        case Stop.TIMEOUT:
            return AttemptOutcome.TIMED_OUT, f"Ran longer than timeout.run allows ({seen.run_timeout_s:g} s)."
        case Stop.DRAIN:
            return AttemptOutcome.PREEMPTED, "Its worker was drained. Waits for another one."
        case Stop.PAUSE:
            return AttemptOutcome.PAUSED, "Was paused."
        case Stop.STALL:
            return AttemptOutcome.STALLED, f"{seen.stall} {_AFTER_A_STALL}"
        case Stop.SUPERSEDED:
            return AttemptOutcome.WORKER_LOST, "Another attempt took over."


def _cannot_start(program: str | None, found: NotStarted) -> str:
    return f"The program {program} cannot be run: {found.detail}. Check the first word of `command`."


def _ended_by_itself(exited: Exited, *, is_program: bool) -> tuple[AttemptOutcome, str]:
    if exited.signal is not None:
        return AttemptOutcome.CRASHED, f"Killed by {_signal_name(exited.signal)}."
    if exited.code == 0 and not is_program:
        return AttemptOutcome.CRASHED, "Ended without a result."
    return AttemptOutcome.USER_ERROR, f"Ended with exit code {exited.code}. Its log says more."


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _facts(result: Result | None) -> dict[str, Any]:
    return {} if result is None else {"metrics": dict(result.metrics), **result.facts}
