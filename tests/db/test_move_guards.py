"""Situations in which one condition of a statement alone keeps a move from being made. `make mutants` leans on them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from db import hints, leases, requests, transitions
from db.engine import Database
from db.outcomes import conclude
from db.transitions import By, Ending, StaleLease
from tests.factories import USER, claim, end, make_project, submit
from trainshed.states import Actor, AttemptOutcome

REAPER = By(Actor.RECONCILER, "rec_test")
_NEVER_AGAIN = {"budget": {"worker_lost": 0}}


@pytest.fixture(autouse=True)
def project(database: Database) -> None:
    with database.begin() as conn:
        make_project(conn)


def state_of(database: Database, job_id: str) -> str:
    with database.read() as conn:
        return str(conn.execute(text("SELECT state FROM job WHERE id = :id"), {"id": job_id}).scalar_one())


@pytest.mark.parametrize("outcome", [AttemptOutcome.SUCCEEDED, AttemptOutcome.PREEMPTED, AttemptOutcome.PAUSED])
def test_a_worker_that_holds_a_later_attempt_cannot_end_it_by_an_earlier_one(
    database: Database, outcome: AttemptOutcome
) -> None:
    with database.begin() as conn:
        submit(conn)
        first = claim(conn)
        end(conn, first, AttemptOutcome.PREEMPTED)
        second = claim(conn)
        assert second.lease.owner == first.lease.owner
        assert end(conn, first, outcome) is None
    assert state_of(database, first.lease.job_id) == "running"


@pytest.mark.parametrize("outcome", [AttemptOutcome.SUCCEEDED, AttemptOutcome.PREEMPTED, AttemptOutcome.PAUSED])
def test_a_worker_cannot_end_the_attempt_of_another(database: Database, outcome: AttemptOutcome) -> None:
    with database.begin() as conn:
        submit(conn)
        won = claim(conn)
        other = replace(won, lease=replace(won.lease, owner="wrk_b"))
        assert leases.fence(conn, other.lease) is None
        assert end(conn, other, outcome) is None
    assert state_of(database, won.lease.job_id) == "running"


@pytest.mark.parametrize(("changes", "asked"), [({}, False), ({"retry": _NEVER_AGAIN}, False), ({}, True)])
def test_a_reaper_takes_nothing_that_was_beaten_since_it_looked(
    database: Database, changes: dict[str, Any], asked: bool
) -> None:
    """Whichever move it would make: return the job to the queue, end it, pause it."""
    with database.begin() as conn:
        job = submit(conn, **changes)
        won = claim(conn)
        if asked:
            requests.request_pause(conn, job, USER)
        seen = conn.execute(text("SELECT hb FROM job WHERE id = :id"), {"id": job}).scalar_one()
        leases.beat(conn, won.lease.owner, [job])
        lost = Ending(AttemptOutcome.WORKER_LOST, "No heartbeat.")
        assert conclude(conn, StaleLease(job, won.lease.attempt, seen), lost, REAPER, jitter=0.5) is None
    assert state_of(database, job) == "running"


def test_a_job_whose_time_has_not_come_is_no_more_work(database: Database) -> None:
    with database.begin() as conn:
        submit(conn, priority=1)
        later = submit(conn)
        conn.execute(text("UPDATE job SET not_before = not_before + 60 WHERE id = :id"), {"id": later})
        assert not claim(conn).more
        assert not transitions.work_waits(conn, "cpu")


def test_a_pool_is_told_of_a_job_that_waits_behind_one_that_runs(database: Database) -> None:
    with database.begin() as conn:
        submit(conn, priority=1)
        claim(conn)
        submit(conn)
        conn.execute(text("UPDATE job SET hinted_at = hinted_at - 60"))
        assert hints.is_due(conn)
        assert hints.rehint(conn) == {"cpu"}


def test_running_jobs_take_no_place_among_those_that_waited_for_too_long(database: Database) -> None:
    with database.begin() as conn:
        submit(conn, queue_timeout_s=5.0)
        claim(conn)
        late = submit(conn, queue_timeout_s=5.0)
        conn.execute(text("UPDATE job SET queued_at = queued_at - 10"))
        assert transitions.expire(conn, REAPER, limit=1) == [late]


def test_the_end_of_a_job_settles_nothing_that_did_not_wait_for_it(database: Database) -> None:
    with database.begin() as conn:
        submit(conn)
        won = claim(conn)
        other = submit(conn)
        waits = submit(conn, needs=(other,))
        # As if it had ended and nobody had settled what waits: that is left for the reconciler.
        conn.execute(text("UPDATE job SET state = 'succeeded', finished_at = 1 WHERE id = :id"), {"id": other})
        end(conn, won)
    assert state_of(database, waits) == "blocked"


def test_no_other_job_than_a_blocked_one_that_nobody_holds_is_unblocked(database: Database) -> None:
    """Whoever calls it has looked before. The statement asks once more."""
    with database.begin() as conn:
        held = submit(conn, priority=1)
        transitions.hold(conn, held, USER)
        running = submit(conn)
        claim(conn)
        assert [transitions._unblock(conn, job, REAPER) for job in (held, running)] == [None, None]
    assert (state_of(database, held), state_of(database, running)) == ("blocked", "running")
