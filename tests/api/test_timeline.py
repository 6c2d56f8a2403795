"""A job's life as stretches of a bar."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from api.dashboard.timeline import WIDTH, Stretch, stretches
from trainshed import wire
from trainshed.states import Actor, JobState

START = datetime(2026, 1, 1, tzinfo=UTC)


def event(state: JobState, after_s: float, attempt: int = 0) -> wire.Event:
    at = START + timedelta(seconds=after_s)
    words = {"type": "move", "reason": "running", "message": "", "cause": "key_test"}
    return wire.Event(job_id="job_a", seq=1, state=state, actor=Actor.USER, attempt=attempt, at=at, **words)


def test_a_finished_job_has_a_stretch_for_each_time_it_waited_and_each_attempt() -> None:
    life = [
        event(JobState.QUEUED, 0),
        event(JobState.RUNNING, 10, 1),
        event(JobState.RUNNING, 11, 1),
        event(JobState.QUEUED, 70, 1),
        event(JobState.RUNNING, 80, 2),
        event(JobState.SUCCEEDED, 100, 2),
    ]
    found = stretches(life, until=START + timedelta(days=1))

    assert [one.title for one in found] == [
        "queued: 10s",
        "running, attempt 1: 1m 0s",
        "queued: 10s",
        "running, attempt 2: 20s",
    ]
    assert [one.x for one in found] == sorted(one.x for one in found)
    assert sum(one.width for one in found) == pytest.approx(WIDTH)


def test_the_last_stretch_of_a_job_that_goes_on_reaches_until_now() -> None:
    found = stretches([event(JobState.QUEUED, 0)], until=START + timedelta(seconds=30))

    assert found == (Stretch("queued", 0.0, WIDTH, "queued: 30s"),)


def test_a_job_of_no_time_at_all_still_shows_what_it_went_through() -> None:
    life = [event(JobState.QUEUED, 0), event(JobState.RUNNING, 0, 1), event(JobState.FAILED, 0, 1)]

    assert all(one.width > 0 for one in stretches(life, until=START))


def test_a_job_without_events_has_no_life_to_show() -> None:
    assert stretches([], until=START) == ()
