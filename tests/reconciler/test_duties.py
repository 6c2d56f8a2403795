"""The other duties of the reconciler, on both databases."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text

from db import counters, workers
from db.engine import Database
from db.transitions import By
from reconciler import expire, prune, rehint, unblock
from tests.factories import FACTS, claim, end, make_project, submit
from trainshed.states import Actor, AttemptOutcome

BY = By(Actor.RECONCILER, "rec_test")


@pytest.fixture(autouse=True)
def project(database: Database) -> None:
    with database.begin() as conn:
        make_project(conn)


def test_a_pool_is_told_again_after_five_seconds_and_then_not_at_once(database: Database) -> None:
    with database.begin() as conn:
        submit(conn)
    assert rehint.run_once(database).pools == set()
    with database.begin() as conn:
        conn.execute(text("UPDATE job SET hinted_at = hinted_at - 6"))
    assert rehint.run_once(database).pools == {"cpu"}
    assert rehint.run_once(database).pools == set()


def test_each_pool_is_told_again_by_one_row_however_many_jobs_wait(database: Database) -> None:
    with database.begin() as conn:
        for pool in ("cpu", "gpu", "cpu", "late", "gpu"):
            submit(conn, pool=pool)
        conn.execute(text("UPDATE job SET hinted_at = hinted_at - 6"))
        conn.execute(text("UPDATE job SET not_before = not_before + 3600 WHERE pool = 'late'"))
    assert rehint.run_once(database).pools == {"cpu", "gpu"}
    with database.read() as conn:
        told = conn.execute(text("SELECT pool FROM job WHERE hinted_at > queued_at - 3 ORDER BY pool")).scalars().all()
    assert told == ["cpu", "gpu"]


def test_a_retry_that_has_come_due_is_told_of_at_once(database: Database) -> None:
    with database.begin() as conn:
        submit(conn)
        end(conn, claim(conn), AttemptOutcome.CRASHED)
    assert rehint.run_once(database).pools == set()
    with database.begin() as conn:
        conn.execute(text("UPDATE job SET not_before = not_before - 2, hinted_at = hinted_at - 2"))
    assert rehint.run_once(database).pools == {"cpu"}


def test_a_job_past_its_queue_timeout_is_expired_with_what_waits_for_it(database: Database) -> None:
    with database.begin() as conn:
        late = submit(conn, queue_timeout_s=1.0)
        child = submit(conn, needs=(late,))
        conn.execute(text("UPDATE job SET queued_at = queued_at - 2"))
    assert expire.run_once(database, BY).expired == (late,)
    with database.read() as conn:
        states = {row.id: row.state for row in conn.execute(text("SELECT id, state FROM job"))}
    assert states == {late: "failed", child: "cancelled"}
    assert expire.run_once(database, BY).expired == ()


def test_a_job_left_blocked_although_its_parent_succeeded_is_unblocked(database: Database) -> None:
    with database.begin() as conn:
        parent = submit(conn)
        end(conn, claim(conn))
        child = submit(conn, needs=(parent,))  # as if the parent's finish had not seen it
    counts = unblock.run_once(database, BY)
    assert counts.settled == (child,)
    assert counts.woken_pools == {"cpu"}


def test_a_worker_not_seen_is_marked_gone_and_later_forgotten(database: Database) -> None:
    with database.begin() as conn:
        workers.register(conn, FACTS)
        workers.register(conn, replace(FACTS, id="wrk_b"))
        conn.execute(text("UPDATE worker SET last_seen_at = last_seen_at - 60 WHERE id = 'wrk_a'"))
    assert prune.run_once(database).gone == 1
    with database.begin() as conn:
        conn.execute(text("UPDATE worker SET last_seen_at = last_seen_at - 4000 WHERE id = 'wrk_a'"))
    assert prune.run_once(database).workers == 1
    with database.read() as conn:
        assert conn.execute(text("SELECT id FROM worker")).scalars().all() == ["wrk_b"]


def test_a_worker_that_was_forgotten_while_it_was_cut_off_is_told_so(database: Database) -> None:
    with database.begin() as conn:
        assert not workers.seen(conn, "wrk_a", busy=0, state="active", counts={})
        workers.register(conn, FACTS)
        assert workers.seen(conn, "wrk_a", busy=1, state="draining", counts={})


def test_what_a_worker_counted_is_there_once_before_and_after_it_is_forgotten(database: Database) -> None:
    with database.begin() as conn:
        for worker_id in ("wrk_a", "wrk_b", "wrk_c"):
            workers.register(conn, replace(FACTS, id=worker_id))
            workers.seen(conn, worker_id, busy=0, state="active", counts={"claims:hint": 2, "start_seconds": 0.5})
        before = counters.by_pool(conn)
        conn.execute(text("UPDATE worker SET last_seen_at = last_seen_at - 4000 WHERE id <> 'wrk_c'"))
    assert before == {"cpu": {"claims:hint": 6, "start_seconds": 1.5}}
    assert prune.run_once(database).workers == 2
    with database.read() as conn:
        assert counters.by_pool(conn) == before


def test_a_ready_job_is_found_behind_any_number_that_are_not(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch is all that is looked at: what is no candidate takes no place in it."""
    monkeypatch.setattr(unblock, "_BATCH", 2)
    with database.begin() as conn:
        failed = submit(conn, retry={"budget": {"user_error": 0}})
        submit(conn, needs=(failed,))
        end(conn, claim(conn), AttemptOutcome.USER_ERROR)
        pending = [submit(conn) for _ in range(3)]
        for job in pending:
            submit(conn, needs=(job,))
        done = submit(conn)
        ready = submit(conn, needs=(done,))
        # As if it had ended and nobody had settled what waits.
        conn.execute(text("UPDATE job SET state = 'succeeded', finished_at = 1 WHERE id = :id"), {"id": done})
    assert unblock.run_once(database, BY).settled == (ready,)


def test_a_worker_that_left_in_order_is_not_lost_however_long_ago_that_was(database: Database) -> None:
    with database.begin() as conn:
        workers.register(conn, FACTS)
        workers.seen(conn, FACTS.id, busy=0, state="gone", counts={})
        conn.execute(text("UPDATE worker SET last_seen_at = last_seen_at - 3600"))
        assert workers.mark_gone(conn, older_than_s=60.0) == []
