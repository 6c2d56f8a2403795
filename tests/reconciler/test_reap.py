"""The reaper takes a job away only when its heartbeat stood still for a whole lease on the reaper's own clock."""

from __future__ import annotations

from contextlib import AbstractContextManager

import pytest
from sqlalchemy import Connection, text

from db import counters, leases
from db.engine import Database
from db.leases import LEASE_S
from db.transitions import By, Claim
from reconciler.reap import Reaper
from tests.factories import claim, make_project, submit
from trainshed.states import Actor


class Clock:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def reaper(clock: Clock) -> Reaper:
    return Reaper(By(Actor.RECONCILER, "rec_test"), clock=clock)


@pytest.fixture
def running(database: Database) -> Claim:
    with database.begin() as conn:
        make_project(conn)
        submit(conn)
        return claim(conn)


def look_for(seconds: float, reaper: Reaper, database: Database, clock: Clock) -> list[str]:
    """Let the reaper look each second; return what it reaped."""
    reaped: list[str] = []
    for _ in range(int(seconds)):
        clock.now += 1.0
        reaped.extend(reaper.run_once(database).reaped)
    return reaped


def test_only_jobs_that_run_are_watched(database: Database, reaper: Reaper, running: Claim) -> None:
    with database.begin() as conn:
        submit(conn)
    assert reaper.run_once(database).running == 1


def test_a_heartbeat_that_stood_still_for_a_lease_is_reaped_and_its_pool_is_told(
    database: Database, reaper: Reaper, clock: Clock, running: Claim
) -> None:
    assert reaper.run_once(database).reaped == ()
    assert look_for(LEASE_S - 1, reaper, database, clock) == []
    clock.now += 1.0
    counts = reaper.run_once(database)
    assert counts.reaped == (running.lease.job_id,)
    assert counts.woken_pools == {"cpu"}


def test_one_heartbeat_starts_the_wait_anew(database: Database, reaper: Reaper, clock: Clock, running: Claim) -> None:
    reaper.run_once(database)
    assert look_for(LEASE_S - 1, reaper, database, clock) == []
    with database.begin() as conn:
        leases.beat(conn, running.lease.owner, [running.lease.job_id])
    assert look_for(LEASE_S - 1, reaper, database, clock) == []


def test_a_clock_of_the_database_that_jumps_reaps_nothing(
    database: Database, reaper: Reaper, clock: Clock, running: Claim
) -> None:
    with database.begin() as conn:
        conn.execute(text("UPDATE job SET lease_expires_at = lease_expires_at - 7200"))
    reaper.run_once(database)
    assert look_for(3, reaper, database, clock) == []


def test_a_reaper_that_did_not_look_for_a_while_begins_again(
    database: Database, reaper: Reaper, clock: Clock, running: Claim
) -> None:
    reaper.run_once(database)
    clock.now += 300.0  # as after a database that was frozen for five minutes
    assert reaper.run_once(database).reaped == ()
    assert look_for(LEASE_S - 1, reaper, database, clock) == []


def test_a_reaper_whose_look_took_long_begins_again(
    database: Database, reaper: Reaper, clock: Clock, running: Claim, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = database.read

    def read_slowly() -> AbstractContextManager[Connection]:
        clock.now += LEASE_S  # as from a database that was frozen just then, for the worker too
        return read()

    reaper.run_once(database)
    with monkeypatch.context() as frozen:
        frozen.setattr(database, "read", read_slowly)
        assert reaper.run_once(database).reaped == ()
    assert look_for(LEASE_S - 1, reaper, database, clock) == []


def test_two_reapers_reap_a_job_once(database: Database, clock: Clock, running: Claim) -> None:
    reapers = [Reaper(By(Actor.RECONCILER, f"rec_{number}"), clock=clock) for number in range(2)]
    reaped: list[str] = []
    for _ in range(int(LEASE_S) + 3):
        clock.now += 1.0
        for reaper in reapers:
            reaped.extend(reaper.run_once(database).reaped)
    assert reaped == [running.lease.job_id]


def test_an_attempt_whose_worker_was_lost_counts_in_its_pool(
    database: Database, reaper: Reaper, clock: Clock, running: Claim
) -> None:
    reaper.run_once(database)
    look_for(LEASE_S + 5, reaper, database, clock)
    with database.read() as conn:
        assert counters.by_pool(conn) == {"cpu": {"attempts:worker_lost": 1}}
