"""A training that makes no step any more is noticed, and one that is slow, validates or was frozen is left alone."""

from __future__ import annotations

from trainshed.specs import Guards
from worker.protocol import Progress
from worker.stall import StallWatch

GUARDS = Guards(stall_factor=10, stall_at_least=5.0, first_step=60.0)


def at(step: int, *, steps: int = 1000) -> Progress:
    return Progress(fraction=step / steps, step=step, steps=steps)


def looked_at(watch: StallWatch, *, since: float, until: float) -> str | None:
    """Look five times a second, as a supervisor does, and return the first answer that is not None."""
    for tick in range(int(since * 5), int(until * 5) + 1):
        if (why := watch.why(tick / 5)) is not None:
            return why
    return None


def stepping(guards: Guards = GUARDS, *, step_s: float = 1.0) -> StallWatch:
    """A watch that has seen ten steps, the last of them at ten times `step_s`."""
    watch = StallWatch(guards, 0.0)
    for number in range(1, 11):
        looked_at(watch, since=(number - 1) * step_s, until=number * step_s)
        watch.heard(at(number), number * step_s)
    return watch


def test_ten_times_the_median_step_without_a_report_is_a_stall() -> None:
    watch = stepping()

    assert looked_at(watch, since=10, until=20) is None
    assert looked_at(watch, since=20, until=21) == (
        "Made no step for 10 s after step 10, where a step took 1 s (guards.stall_factor, guards.stall_at_least)."
    )


def test_quick_steps_may_pause_for_the_least_wait() -> None:
    watch = stepping(step_s=0.1)

    assert looked_at(watch, since=1, until=5.8) is None
    assert looked_at(watch, since=5.8, until=6.4) is not None


def test_the_same_step_reported_again_is_a_sign_of_life() -> None:
    watch = stepping()
    for second in range(11, 60):
        watch.heard(at(10), float(second))
        assert looked_at(watch, since=second, until=second + 1) is None


def test_a_first_step_has_a_limit_of_its_own() -> None:
    watch = StallWatch(GUARDS, 0.0)

    assert looked_at(watch, since=0, until=60) is None
    assert looked_at(watch, since=60, until=61) == "Made no first step within 60 s (guards.first_step)."


def test_after_the_last_step_no_step_is_missed() -> None:
    watch = stepping()
    watch.heard(at(1000), 11.0)

    assert looked_at(watch, since=11, until=500) is None


def test_a_supervisor_that_was_frozen_itself_begins_to_count_anew() -> None:
    watch = stepping()

    assert watch.why(4000.0) is None
    assert looked_at(watch, since=4000, until=4010) is None
    assert looked_at(watch, since=4010, until=4011) is not None


def test_a_guard_that_was_taken_away_minds_nothing() -> None:
    watch = stepping(Guards(stall_factor=None))
    patient = StallWatch(Guards(first_step=None), 0.0)

    assert looked_at(watch, since=10, until=10_000) is None
    assert looked_at(patient, since=0, until=10_000) is None
