"""What was seen of a process tree decides how its attempt ended."""

from __future__ import annotations

import pytest

from trainshed.states import AttemptOutcome
from worker.launch.events import BadFrame, Exited, NotStarted
from worker.protocol import Result
from worker.verdict import Seen, Stop, verdict


def exited(code: int | None = 0, signal: int | None = None, *, out_of_memory: bool = False) -> Exited:
    return Exited(code=code, signal=signal, user_s=0.1, system_s=0.1, max_rss_bytes=1, out_of_memory=out_of_memory)


def result(outcome: AttemptOutcome = AttemptOutcome.SUCCEEDED) -> Result:
    return Result(outcome=outcome, message="It says so.", remedy="Do that.")


@pytest.mark.parametrize(
    ("seen", "outcome", "words"),
    [
        (Seen(program="prog", exited=exited()), "succeeded", "Completed"),
        (Seen(program="prog", exited=exited(3)), "user_error", "exit code 3"),
        (Seen(program="prog", exited=exited(None, 9)), "crashed", "SIGKILL"),
        (Seen(program="prog", exited=exited(None, 40)), "crashed", "signal 40"),
        (Seen(exited=exited(), result=result()), "succeeded", "Completed"),
        (Seen(exited=exited(1), result=result(AttemptOutcome.INVALID_DATA)), "invalid_data", "It says so. Do that."),
        (Seen(exited=exited(0)), "crashed", "without a result"),
        (Seen(exited=exited(None, 9, out_of_memory=True), memory_limit_bytes=2**20), "out_of_memory", "1 MiB"),
        (Seen(program="prog", stop=Stop.CANCEL, exited=exited(None, 15)), "cancelled", "Cancelled"),
        (Seen(program="prog", stop=Stop.CANCEL, exited=exited(0)), "cancelled", "Cancelled"),
        (Seen(stop=Stop.CANCEL, exited=exited(0), result=result()), "succeeded", "Completed"),
        (Seen(program="prog", stop=Stop.TIMEOUT, run_timeout_s=2.5, exited=exited(None, 15)), "timed_out", "2.5 s"),
        (Seen(program="prog", stop=Stop.DRAIN, exited=exited(None, 15)), "preempted", "drained"),
        (
            Seen(program="prog", not_started=NotStarted(stage="exec", errno=2, detail="nope")),
            "user_error",
            "prog cannot be run: nope",
        ),
        (Seen(bad_frame=BadFrame("garbage"), exited=exited(None, 9)), "crashed", "garbage"),
        (Seen(lost="no room", exited=exited(), result=result()), "storage_failed", "could not be kept: no room"),
        (Seen(lost="no room", stop=Stop.CANCEL, exited=exited(None, 9)), "cancelled", "Cancelled"),
        (Seen(), "crashed", "init"),
    ],
)
def test_each_end_has_its_outcome_and_says_why(seen: Seen, outcome: str, words: str) -> None:
    ending = verdict(seen)
    assert ending.outcome == outcome
    assert words in ending.message


def test_the_weightiest_order_counts() -> None:
    assert Stop.SUPERSEDED.outweighs(Stop.CANCEL)
    assert Stop.CANCEL.outweighs(Stop.DRAIN)
    assert not Stop.DRAIN.outweighs(Stop.CANCEL)
    assert not Stop.CANCEL.outweighs(Stop.CANCEL)
    assert Stop.DRAIN.outweighs(None)
