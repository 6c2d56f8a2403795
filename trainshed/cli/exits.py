"""What the exit code of the command says."""

from __future__ import annotations

from enum import IntEnum

from trainshed.errors import InvalidRequest, InvalidSpec, NotFound, RouteNotFound, TrainshedError, WaitTimedOut
from trainshed.states import JobState


class Exit(IntEnum):
    """The numbers that scripts may rely on."""

    OK = 0
    """Done; of a watched job: it succeeded."""
    ERROR = 1
    USAGE = 2
    """A wrong option, or a spec with errors."""
    FAILED = 100
    NOT_FINISHED = 101
    NOT_FOUND = 102
    CANCELLED = 103
    TIMED_OUT = 124
    """The wait was over before the job was."""
    INTERRUPTED = 130
    BROKEN_PIPE = 141
    """Who read the output went away, as by `| head`."""


def exit_of_state(state: JobState) -> Exit:
    """Return the exit code of a command that watched a job and left it in `state`."""
    match state:
        case JobState.SUCCEEDED:
            return Exit.OK
        case JobState.FAILED:
            return Exit.FAILED
        case JobState.CANCELLED:
            return Exit.CANCELLED
        case _:
            return Exit.NOT_FINISHED


def exit_of_states(states: list[JobState]) -> Exit:
    """Return the exit code for several jobs: a failure outweighs a cancel, and a cancel outweighs success."""
    codes = {exit_of_state(state) for state in states}
    by_weight = (Exit.FAILED, Exit.CANCELLED, Exit.NOT_FINISHED)
    return next((code for code in by_weight if code in codes), Exit.OK)


def exit_of_error(error: TrainshedError) -> Exit:
    """Return the exit code of a command that ended with `error`."""
    match error:
        case InvalidSpec() | InvalidRequest():
            return Exit.USAGE
        case RouteNotFound():
            return Exit.ERROR
        case NotFound():
            return Exit.NOT_FOUND
        case WaitTimedOut():
            return Exit.TIMED_OUT
        case _:
            return Exit.ERROR
