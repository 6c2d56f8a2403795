"""Each move of a job is guarded, leaves an event, and happens at most once. On both databases."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from db import leases, reports, requests, transitions
from db.engine import Database, DatabaseUnavailable
from db.leases import Lease
from db.models import Attempt, Event, Job
from db.outcomes import conclude
from db.reports import Point
from db.transitions import By, Ending, Moved, StaleLease
from tests.factories import CAPACITY, USER, claim, end, make_project, new_job, submit
from trainshed.series import SYSTEM_CPU
from trainshed.states import Actor, AttemptOutcome, JobRequest, JobState, Reason

WORKER_B = {"worker_id": "wrk_b", "worker_name": "b"}
REAPER = By(Actor.RECONCILER, "rec_test")


@pytest.fixture(autouse=True)
def project(database: Database) -> None:
    with database.begin() as conn:
        make_project(conn)


def job_row(database: Database, job_id: str) -> Any:
    with database.read() as conn:
        return conn.execute(text("SELECT * FROM job WHERE id = :id"), {"id": job_id}).one()


def events(database: Database, job_id: str) -> list[tuple[int, str, str]]:
    with database.read() as conn:
        rows = conn.execute(text("SELECT seq, type, state FROM event WHERE job_id = :id ORDER BY seq"), {"id": job_id})
        return [tuple(row) for row in rows]


def attempts(database: Database, job_id: str) -> list[tuple[int, str, bool]]:
    with database.read() as conn:
        rows = conn.execute(
            text("SELECT number, outcome, charged FROM attempt WHERE job_id = :id ORDER BY number"), {"id": job_id}
        )
        return [(row.number, row.outcome, bool(row.charged)) for row in rows]


def test_a_job_goes_from_submit_to_success_and_each_step_leaves_one_event(database: Database) -> None:
    with database.begin() as conn:
        job_id = submit(conn)
    with database.begin() as conn:
        won = claim(conn)
    with database.begin() as conn:
        end(conn, won)

    assert job_row(database, job_id).state == "succeeded"
    assert events(database, job_id) == [(1, "submit", "queued"), (2, "claim", "running"), (3, "finish", "succeeded")]
    assert attempts(database, job_id) == [(1, "succeeded", True)]


def test_a_claim_takes_the_highest_priority_then_the_oldest(database: Database) -> None:
    with database.begin() as conn:
        old = submit(conn)
        submit(conn)
        urgent = submit(conn, priority=5)
    with database.begin() as conn:
        first, second = claim(conn), claim(conn)
    assert (first.lease.job_id, second.lease.job_id) == (urgent, old)
    assert (first.more, second.more) == (True, True)


@pytest.mark.parametrize(
    ("needs", "fits"),
    [
        ({"cpus": 2.0}, True),
        ({"cpus": 2.5}, False),
        ({"memory_bytes": 2**33}, True),
        ({"memory_bytes": 2**33 + 1}, False),
        ({"gpus": 1}, False),
        ({"pool": "gpu"}, False),
    ],
)
def test_a_claim_takes_only_what_fits_in_what_is_free(database: Database, needs: dict[str, Any], fits: bool) -> None:
    with database.begin() as conn:
        submit(conn, **needs)
    with database.begin() as conn:
        assert (transitions.claim(conn, CAPACITY) is not None) is fits


def test_a_worker_that_cannot_isolate_does_not_take_commands(database: Database) -> None:
    with database.begin() as conn:
        submit(conn)
        assert transitions.claim(conn, replace(CAPACITY, runs_commands=False)) is None


def test_a_hundred_jobs_claimed_by_four_threads_are_each_claimed_once(database: Database) -> None:
    with database.begin() as conn:
        submitted = {submit(conn) for _ in range(100)}
    claimed: list[str] = []

    def work(name: str) -> None:
        while True:
            with database.begin() as conn:
                won = transitions.claim(conn, transitions.Capacity(name, name, "cpu", 2, 2**33, 0, 1, True))
            if won is None:
                return
            claimed.append(won.lease.job_id)

    threads = [threading.Thread(target=work, args=(f"wrk_{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claimed) == 100
    assert set(claimed) == submitted


def test_a_superseded_attempt_can_neither_beat_nor_finish(database: Database) -> None:
    with database.begin() as conn:
        job_id = submit(conn)
        lost = claim(conn)
    with database.begin() as conn:
        stale = StaleLease(job_id, 1, job_hb(conn, job_id))
        conclude(conn, stale, Ending(AttemptOutcome.WORKER_LOST, "Its worker was lost."), REAPER, jitter=0.0)
    with database.begin() as conn:
        claim(conn, **WORKER_B)
    with database.begin() as conn:
        assert leases.fence(conn, lost.lease) is None
        assert end(conn, lost) is None
        assert leases.beat(conn, lost.lease.owner, [job_id]) == {}
    assert job_row(database, job_id).state == "running"
    assert attempts(database, job_id) == [(1, "worker_lost", True), (2, "running", False)]


def job_hb(conn: Any, job_id: str) -> int:
    hb: int = conn.execute(text("SELECT hb FROM job WHERE id = :id"), {"id": job_id}).scalar_one()
    return hb


def test_a_reaper_that_saw_an_older_heartbeat_takes_nothing(database: Database) -> None:
    with database.begin() as conn:
        job_id = submit(conn)
        won = claim(conn)
        seen = job_hb(conn, job_id)
    with database.begin() as conn:
        assert leases.fence(conn, won.lease) is not None
    with database.begin() as conn:
        ending = Ending(AttemptOutcome.WORKER_LOST, "Its worker was lost.")
        assert conclude(conn, StaleLease(job_id, 1, seen), ending, REAPER, jitter=0.0) is None
    assert job_row(database, job_id).state == "running"


def test_the_same_owner_with_an_older_attempt_is_fenced(database: Database) -> None:
    with database.begin() as conn:
        submit(conn)
        first = claim(conn)
        end(conn, first, AttemptOutcome.PREEMPTED)
        second = claim(conn)
        assert (second.lease.owner, second.lease.attempt) == (first.lease.owner, 2)
        assert leases.fence(conn, first.lease) is None
        assert leases.fence(conn, second.lease) is not None


def test_the_database_itself_refuses_to_leave_a_terminal_state(database: Database) -> None:
    with database.begin() as conn:
        job_id = submit(conn)
        end(conn, claim(conn))
    with pytest.raises((DBAPIError, DatabaseUnavailable), match="terminal state is final"), database.begin() as conn:
        conn.execute(text("UPDATE job SET state = 'queued', finished_at = NULL WHERE id = :id"), {"id": job_id})


def test_the_database_itself_refuses_a_running_job_without_a_lease(database: Database) -> None:
    with database.begin() as conn:
        job_id = submit(conn)
        claim(conn)
    with pytest.raises(DBAPIError, match="lease"), database.begin() as conn:
        conn.execute(text("UPDATE job SET lease_expires_at = NULL WHERE id = :id"), {"id": job_id})


def test_a_cancel_of_a_waiting_job_ends_it_and_of_a_running_one_is_carried_by_the_heartbeat(database: Database) -> None:
    with database.begin() as conn:
        waiting, running = submit(conn), submit(conn, priority=1)
        won = claim(conn)
        moved = transitions.cancel(conn, waiting, USER, reason=Reason.CANCELLED_BY_USER, message="By hand.")
        assert moved is not None
        assert moved.state is JobState.CANCELLED
        assert transitions.cancel(conn, running, USER, reason=Reason.CANCELLED_BY_USER, message="By hand.") is None
        assert requests.request_cancel(conn, running, USER)
        assert not requests.request_cancel(conn, running, USER)
    with database.begin() as conn:
        held = leases.beat(conn, "wrk_a", [running])[running, 1]
        assert held.request is JobRequest.CANCEL
        end(conn, won, AttemptOutcome.CRASHED)
    assert job_row(database, running).state == "cancelled"


def test_a_job_that_succeeded_before_the_cancel_reached_it_has_succeeded(database: Database) -> None:
    with database.begin() as conn:
        job_id = submit(conn)
        won = claim(conn)
        requests.request_cancel(conn, job_id, USER)
        end(conn, won, AttemptOutcome.SUCCEEDED)
    assert job_row(database, job_id).state == "succeeded"


@pytest.mark.parametrize(
    ("outcome", "budget"), [("crashed", 2), ("worker_lost", 5), ("storage_failed", 3), ("user_error", 0)]
)
def test_a_job_is_retried_as_often_as_the_budget_of_its_outcome_says(
    database: Database, outcome: str, budget: int
) -> None:
    with database.begin() as conn:
        job_id = submit(conn)
    for number in range(1, budget + 2):
        with database.begin() as conn:
            conn.execute(text("UPDATE job SET not_before = 0 WHERE state = 'queued'"))
            won = claim(conn)
            assert won.lease.attempt == number
            end(conn, won, AttemptOutcome(outcome))
    row = job_row(database, job_id)
    assert (row.state, row.reason) == ("failed", outcome)
    assert len(attempts(database, job_id)) == budget + 1


def test_a_drained_attempt_is_not_charged(database: Database) -> None:
    with database.begin() as conn:
        job_id = submit(conn, retry={"budget": {"crashed": 0}})
        for _ in range(5):
            end(conn, claim(conn), AttemptOutcome.PREEMPTED)
    assert job_row(database, job_id).state == "queued"
    assert {charged for _, _, charged in attempts(database, job_id)} == {False}


def test_a_first_lost_worker_costs_no_wait_and_a_crash_waits_for_its_backoff(database: Database) -> None:
    with database.begin() as conn:
        lost = submit(conn)
        end(conn, claim(conn), AttemptOutcome.WORKER_LOST)
        assert claim(conn).lease.job_id == lost
        crashed = submit(conn)
        end(conn, claim(conn), AttemptOutcome.CRASHED)
        assert transitions.claim(conn, CAPACITY) is None
    row = job_row(database, crashed)
    assert (row.state, row.reason) == ("queued", "retry_backoff")
    assert row.not_before - row.queued_at == pytest.approx(1.0, abs=0.05)


def test_a_blocked_job_is_queued_by_the_success_of_the_last_job_it_needs(database: Database) -> None:
    with database.begin() as conn:
        first, second = submit(conn), submit(conn)
        child = submit(conn, needs=(first, second))
        one, two = claim(conn), claim(conn)
        end(conn, one)
    assert job_row(database, child).state == "blocked"
    with database.begin() as conn:
        moved = end(conn, two)
        assert moved is not None
        assert moved.woken_pools == {"cpu"}
    assert job_row(database, child).state == "queued"


def test_two_parents_that_finish_at_once_leave_no_job_blocked(database: Database) -> None:
    with database.begin() as conn:
        first, second = submit(conn), submit(conn)
        child = submit(conn, needs=(first, second))
        claims = [claim(conn), claim(conn)]
    barrier = threading.Barrier(2)

    def finish(won: transitions.Claim) -> None:
        barrier.wait()
        with database.begin() as conn:
            end(conn, won)

    threads = [threading.Thread(target=finish, args=(won,)) for won in claims]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert job_row(database, child).state == "queued"


def test_a_failed_job_cancels_all_that_waited_for_it(database: Database) -> None:
    with database.begin() as conn:
        parent = submit(conn)
        child = submit(conn, needs=(parent,))
        grandchild = submit(conn, needs=(child,))
        end(conn, claim(conn), AttemptOutcome.USER_ERROR)
    assert [job_row(database, job).state for job in (parent, child, grandchild)] == ["failed", "cancelled", "cancelled"]
    assert job_row(database, child).reason == "dependency_failed"
    assert events(database, grandchild)[-1] == (2, "cancel", "cancelled")


def test_a_job_that_waited_past_its_queue_timeout_fails(database: Database) -> None:
    with database.begin() as conn:
        late, patient = submit(conn, queue_timeout_s=5.0), submit(conn, queue_timeout_s=3600.0)
        conn.execute(text("UPDATE job SET queued_at = queued_at - 10"))
        assert transitions.expire(conn, REAPER, limit=10) == [late]
    assert (job_row(database, late).state, job_row(database, late).reason) == ("failed", "queue_timeout")
    assert job_row(database, patient).state == "queued"


def test_points_replace_themselves_and_a_new_attempt_drops_the_old_ones(database: Database) -> None:
    with database.begin() as conn:
        job_id = submit(conn)
        won = claim(conn)
        for _ in range(2):
            reports.add_points(
                conn, won.lease, [Point("loss", 1, 0.5), Point("loss", 2, 0.25), Point("accuracy", 1, 1)]
            )
    assert points(database, job_id) == [("accuracy", 1, 1.0), ("loss", 1, 0.5), ("loss", 2, 0.25)]
    with database.begin() as conn:
        end(conn, won, AttemptOutcome.PREEMPTED)
        claim(conn)
    assert points(database, job_id) == []


def test_what_the_worker_measured_outlives_the_attempt(database: Database) -> None:
    with database.begin() as conn:
        job_id = submit(conn)
        won = claim(conn)
        reports.add_points(conn, won.lease, [Point("loss", 1, 0.5), Point(SYSTEM_CPU, 7, 0.5)])
        end(conn, won, AttemptOutcome.PREEMPTED)
        again = claim(conn)
    assert points(database, job_id) == [(SYSTEM_CPU, 7, 0.5)]
    assert again.claimed_at > again.started_at


def points(database: Database, job_id: str) -> list[tuple[str, int, float]]:
    with database.read() as conn:
        rows = conn.execute(
            text("""SELECT name, step, value FROM metric_point JOIN metric_series ON id = series_id
                    WHERE job_id = :id ORDER BY name, step"""),
            {"id": job_id},
        )
        return [tuple(row) for row in rows]


def test_log_bytes_are_stored_once_in_order_and_by_the_worker_of_the_attempt_alone(database: Database) -> None:
    with database.begin() as conn:
        submit(conn)
        lease = claim(conn).lease
        assert reports.append_log(conn, lease, start=0, data=b"abc")
        assert not reports.append_log(conn, lease, start=0, data=b"abc")
        assert not reports.append_log(conn, lease, start=4, data=b"x")
        assert not reports.append_log(conn, Lease(lease.job_id, 1, "wrk_b"), start=3, data=b"x")
        assert reports.append_log(conn, lease, start=3, data=b"def")
        assert reports.stored_log_bytes(conn, lease) == 6


def test_the_late_log_bytes_of_a_closed_attempt_are_still_stored(database: Database) -> None:
    with database.begin() as conn:
        submit(conn)
        won = claim(conn)
        end(conn, won, AttemptOutcome.WORKER_LOST)
        claim(conn, **WORKER_B)
        assert reports.append_log(conn, won.lease, start=0, data=b"late")


def test_a_job_carries_its_spec_and_facts_as_json(database: Database) -> None:
    with database.begin() as conn:
        job = new_job(labels={"team": "vision"})
        transitions.submit(conn, job, USER, blocked=False)
        won = claim(conn)
        assert won.spec == job.spec
        reports.started(conn, won.lease, message="Runs.", facts={"threads": 1})
        reports.add_facts(conn, won.lease, {"sandbox": "landlock:7"})
        reports.progress(conn, won.lease, {"fraction": 0.5})
    with database.read() as conn:
        assert conn.execute(select(Attempt.facts)).scalar_one() == {"threads": 1, "sandbox": "landlock:7"}
        assert conn.execute(select(Job.progress, Job.reason, Job.labels)).one() == (
            {"fraction": 0.5},
            "running",
            {"team": "vision"},
        )


def test_a_held_job_is_not_claimed_until_it_is_released(database: Database) -> None:
    with database.begin() as conn:
        job_id = submit(conn)
        assert transitions.hold(conn, job_id, USER)
        assert not transitions.hold(conn, job_id, USER)
        assert transitions.claim(conn, CAPACITY) is None
        released = transitions.unhold(conn, job_id, USER)
        assert released == Moved(JobState.QUEUED, frozenset({"cpu"}))
        assert transitions.unhold(conn, job_id, USER) is None
        assert claim(conn).lease.job_id == job_id
        assert not transitions.hold(conn, job_id, USER)
        types = conn.execute(select(Event.type).where(Event.job_id == job_id).order_by(Event.seq)).scalars().all()
    assert types == ["submit", "hold", "unhold", "unblock", "claim"]


def test_a_held_job_stays_when_its_parent_succeeds_and_falls_when_it_fails(database: Database) -> None:
    with database.begin() as conn:
        good, bad = submit(conn), submit(conn)
        waits, falls = submit(conn, needs=(good,)), submit(conn, needs=(bad,))
        assert transitions.hold(conn, waits, USER)
        assert transitions.hold(conn, falls, USER)
        end(conn, claim(conn))
        end(conn, claim(conn), AttemptOutcome.USER_ERROR)
        rows = dict(conn.execute(select(Job.id, Job.state)).all())  # type: ignore[arg-type]
        assert (rows[waits], rows[falls]) == ("blocked", "cancelled")
        assert transitions.unhold(conn, waits, USER) == Moved(JobState.QUEUED, frozenset({"cpu"}))


def test_a_release_of_a_job_whose_parent_runs_leaves_it_waiting_for_that(database: Database) -> None:
    with database.begin() as conn:
        parent = submit(conn)
        waits = submit(conn, needs=(parent,))
        transitions.hold(conn, waits, USER)
        assert transitions.unhold(conn, waits, USER) == Moved(JobState.BLOCKED)
        message = conn.execute(select(Job.message).where(Job.id == waits)).scalar_one()
        assert message == f"Waits for {parent} to succeed."
        end(conn, claim(conn))
        assert claim(conn).lease.job_id == waits


@pytest.mark.parametrize(
    ("outcome", "charged"),
    [
        (AttemptOutcome.PAUSED, False),
        (AttemptOutcome.PREEMPTED, False),
        (AttemptOutcome.SETUP_FAILED, False),
        (AttemptOutcome.WORKER_LOST, True),
        (AttemptOutcome.CRASHED, True),
    ],
)
def test_a_job_that_was_asked_to_pause_pauses_however_its_attempt_ends(
    database: Database, outcome: AttemptOutcome, charged: bool
) -> None:
    with database.begin() as conn:
        job_id = submit(conn)
        won = claim(conn)
        assert requests.request_pause(conn, job_id, USER)
        assert not requests.request_pause(conn, job_id, USER)
        end(conn, won, outcome)
    assert job_row(database, job_id).state == "paused"
    assert attempts(database, job_id) == [(1, outcome.value, charged)]
    with database.begin() as conn:
        moved = transitions.resume(conn, job_id, USER)
        assert moved is not None
        assert moved.woken_pools == {"cpu"}
        assert transitions.resume(conn, job_id, USER) is None
        assert claim(conn).lease.attempt == 2


def test_a_job_that_was_asked_to_pause_may_still_succeed_or_fail(database: Database) -> None:
    for outcome, state in ((AttemptOutcome.SUCCEEDED, "succeeded"), (AttemptOutcome.USER_ERROR, "failed")):
        with database.begin() as conn:
            job_id = submit(conn)
            won = claim(conn)
            requests.request_pause(conn, job_id, USER)
            end(conn, won, outcome)
        assert job_row(database, job_id).state == state


def test_a_superseded_attempt_pauses_nothing(database: Database) -> None:
    with database.begin() as conn:
        job_id = submit(conn)
        lost = claim(conn)
        end(conn, lost, AttemptOutcome.PREEMPTED)
        claim(conn, **WORKER_B)
        assert end(conn, lost, AttemptOutcome.PAUSED) is None
    assert job_row(database, job_id).state == "running"
