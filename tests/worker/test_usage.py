"""When a job is sampled, and what becomes of a sample."""

from __future__ import annotations

import pytest

from db.reports import Point
from trainshed.series import SYSTEM_CPU, SYSTEM_MEMORY
from worker.launch.usage import Usage
from worker.usage import UsageWatch, interval_s


def sampled_at(watch: UsageWatch, *, until: int) -> list[int]:
    """Look five times a second, as a supervisor does, and return the seconds at which there was a sample."""
    return [tick // 5 for tick in range(1, 5 * until) if watch.look(100.0 + tick / 5, lambda: Usage(0.0, 1))]


def test_samples_come_soon_at_first_and_then_every_five_seconds() -> None:
    watch = UsageWatch(began_at=100.0, since_first_start_s=0.0)

    assert sampled_at(watch, until=30) == [1, 2, 4, 8, 13, 18, 23, 28]


def test_an_attempt_of_a_month_leaves_a_bounded_number_of_samples() -> None:
    age_s, samples = 0.0, 0
    while age_s < 30 * 86_400:
        age_s += interval_s(age_s)
        samples += 1

    assert 5_000 < samples < 6_000


def test_a_sample_tells_the_processors_since_the_one_before_and_the_memory_now() -> None:
    watch = UsageWatch(began_at=100.0, since_first_start_s=0.0)

    assert watch.look(101.0, lambda: Usage(0.5, 10)) == [Point(SYSTEM_CPU, 1, 0.5), Point(SYSTEM_MEMORY, 1, 10.0)]
    assert watch.look(102.5, lambda: Usage(3.5, 20)) == [Point(SYSTEM_CPU, 2, 2.0), Point(SYSTEM_MEMORY, 2, 20.0)]


def test_steps_go_on_where_the_attempt_before_was() -> None:
    watch = UsageWatch(began_at=100.0, since_first_start_s=40.7)

    assert [point.step for point in watch.look(101.5, lambda: Usage(0.0, 1))] == [42, 42]


def test_a_process_that_took_its_time_along_makes_no_negative_processors() -> None:
    watch = UsageWatch(began_at=100.0, since_first_start_s=0.0)
    watch.look(101.0, lambda: Usage(5.0, 1))

    assert watch.look(102.0, lambda: Usage(1.0, 1))[0].value == 0.0


def test_a_job_that_is_gone_leaves_no_sample() -> None:
    watch = UsageWatch(began_at=100.0, since_first_start_s=0.0)

    assert watch.look(101.0, lambda: None) == []


def test_no_two_samples_have_one_step() -> None:
    watch = UsageWatch(began_at=100.0, since_first_start_s=0.9)
    steps = [watch.look(100.0 + tick / 10, lambda: Usage(0.0, 1)) for tick in range(600)]
    found = [points[0].step for points in steps if points]

    assert len(found) == len(set(found)) > 10


@pytest.mark.parametrize("age_s", [0.0, 3_599.0, 3_601.0, 1e7])
def test_the_wait_is_never_below_a_second(age_s: float) -> None:
    assert interval_s(age_s) >= 1.0
