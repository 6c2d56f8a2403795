"""What a project looks like at a glance: exact numbers, the own project alone, on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from api.auth.principal import Principal
from api.auth.roles import Role
from api.auth.scopes import Scope
from api.operations.attention import Trouble
from api.operations.overview import MINUTES, Minute, Overview, read_overview
from db import reports, transitions, workers
from db.engine import Database
from db.queries import overview
from db.reports import Point
from db.workers import WorkerFacts
from tests.api.conftest import OTHER_PROJECT, Api
from tests.factories import FACTS, PROJECT, USER, claim, end, submit
from trainshed.series import SYSTEM_CPU
from trainshed.states import AttemptOutcome, Reason

WHO = Principal(key_id="key_test", project_id=PROJECT, project="test", role=Role.VIEWER)


@pytest.fixture(autouse=True)
def project(keys: dict[str, str]) -> None:
    """The project of the factories, and another."""


def look(database: Database, who: Principal = WHO) -> Overview:
    return read_overview(database, who)


def troubles(database: Database) -> list[tuple[Trouble, str | None]]:
    return [(one.trouble, one.job_id) for one in look(database).attention]


def change(database: Database, sql: str, **values: object) -> None:
    with database.begin() as conn:
        conn.execute(text(sql), values)


def test_jobs_are_counted_by_state_and_those_of_others_are_not(database: Database) -> None:
    with database.begin() as conn:
        parent = submit(conn)
        claim(conn)
        submit(conn)
        submit(conn, needs=(parent,))
        submit(conn, project_id=OTHER_PROJECT)
    found = look(database)
    assert found.counts == {"running": 1, "queued": 1, "blocked": 1, "paused": 0}
    assert ([job.id for job in found.running], len(found.queued), found.ended) == ([parent], 1, ())


def test_what_ended_is_counted_in_the_minute_in_which_it_did(database: Database) -> None:
    with database.begin() as conn:
        ids = [submit(conn) for _ in range(4)]
        for outcome in (AttemptOutcome.SUCCEEDED, AttemptOutcome.USER_ERROR, AttemptOutcome.SUCCEEDED):
            end(conn, claim(conn), outcome)
        transitions.cancel(conn, ids[3], USER, reason=Reason.CANCELLED_BY_USER, message="")
    change(database, "UPDATE job SET finished_at = finished_at - 150 WHERE id = :id", id=ids[1])
    change(database, "UPDATE job SET finished_at = finished_at - 3700 WHERE id = :id", id=ids[2])
    throughput = look(database).throughput
    assert len(throughput.minutes) == MINUTES
    assert throughput.minutes[-1] == Minute(succeeded=1, cancelled=1)
    assert throughput.minutes[-3] == Minute(failed=1)
    assert (throughput.jobs, throughput.failed, throughput.per_minute) == (3, 1, 3 / MINUTES)


def test_of_very_many_that_ended_the_latest_are_counted_over_the_time_they_took(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overview, "MOST_ENDED", 2)
    with database.begin() as conn:
        ids = [submit(conn) for _ in range(3)]
        for _ in ids:
            end(conn, claim(conn))
    change(database, "UPDATE job SET finished_at = finished_at - 600 WHERE id = :id", id=ids[0])
    throughput = look(database).throughput
    assert (len(throughput.minutes), throughput.per_minute) == (1, 2.0)


def test_a_pool_shows_its_queue_and_what_its_workers_have_free(database: Database) -> None:
    with database.begin() as conn:
        workers.register(conn, FACTS)
        workers.seen(conn, FACTS.id, busy=1, state="active", counts={})
        submit(conn)
        claim(conn)
        submit(conn)
    change(database, "UPDATE job SET not_before = not_before - 90 WHERE state = 'queued'")
    (pool,) = look(database).pools or ()
    assert (pool.name, pool.queued, pool.running, pool.workers, pool.slots, pool.busy, pool.free) == (
        *("cpu", 1, 1),
        *(1, 2, 1, 1),
    )
    assert 89 < pool.oldest_s < 120


def test_who_may_not_read_workers_sees_none(database: Database) -> None:
    with database.begin() as conn:
        submit(conn)
    found = look(database, Principal("key_test", PROJECT, "test", Role.VIEWER, frozenset({Scope.JOBS_READ})))
    assert found.pools is None
    assert found.attention == ()


def test_a_pool_with_jobs_and_no_worker_needs_one(database: Database) -> None:
    with database.begin() as conn:
        submit(conn, pool="gpu")
    (one,) = look(database).attention
    assert (one.trouble, one.name, one.remedy) == (Trouble.UNSERVED, "gpu", "TRAINSHED_SERVES=gpu python -m worker")


def test_a_worker_that_fell_silent_needs_attention_and_one_that_left_does_not(database: Database) -> None:
    with database.begin() as conn:
        workers.register(conn, FACTS)
        workers.seen(conn, FACTS.id, busy=0, state="gone", counts={})
    assert look(database).attention == ()
    change(database, "UPDATE worker SET state = 'active', last_seen_at = last_seen_at - 60")
    with database.begin() as conn:
        workers.mark_gone(conn, older_than_s=24)
    assert troubles(database) == [(Trouble.LOST, None)]


@pytest.mark.parametrize("comes_back", [FACTS.id, "wrk_b"])
def test_a_lost_worker_that_is_back_needs_none(database: Database, comes_back: str) -> None:
    with database.begin() as conn:
        workers.register(conn, FACTS)
        workers.mark_gone(conn, older_than_s=-1)
    assert troubles(database) == [(Trouble.LOST, None)]
    with database.begin() as conn:
        if comes_back == FACTS.id:
            workers.seen(conn, FACTS.id, busy=0, state="active", counts={})
        else:
            workers.register(conn, WorkerFacts(**{**vars_of(FACTS), "id": comes_back}))
    assert look(database).attention == ()


def vars_of(facts: WorkerFacts) -> dict[str, object]:
    return {name: getattr(facts, name) for name in WorkerFacts.__slots__}


def test_a_job_that_failed_lately_needs_attention_and_one_that_did_long_ago_does_not(database: Database) -> None:
    with database.begin() as conn:
        late, early = submit(conn), submit(conn)
        for _ in range(2):
            end(conn, claim(conn), AttemptOutcome.USER_ERROR)
    change(database, "UPDATE job SET finished_at = finished_at - 90000 WHERE id = :id", id=early)
    assert troubles(database) == [(Trouble.FAILED, late)]


def test_a_job_that_could_have_started_long_ago_needs_attention(database: Database) -> None:
    with database.begin() as conn:
        workers.register(conn, FACTS)
        waits, backs_off, _ = submit(conn), submit(conn), submit(conn)
    sql = "UPDATE job SET queued_at = queued_at - 700, not_before = not_before - :off WHERE id = :id"
    change(database, sql, id=waits, off=700)
    change(database, sql, id=backs_off, off=0)
    assert troubles(database) == [(Trouble.WAITING, waits)]


@pytest.mark.parametrize(("cpus", "expected"), [(0.0, [Trouble.STALLED]), (0.5, [])])
def test_a_job_that_keeps_no_processor_busy_seems_stalled(
    database: Database, cpus: float, expected: list[Trouble]
) -> None:
    with database.begin() as conn:
        submit(conn)
        won = claim(conn)
        reports.add_points(conn, won.lease, [Point(SYSTEM_CPU, 1, 1.0), Point(SYSTEM_CPU, 400, cpus)])
    assert troubles(database) == []
    change(database, "UPDATE attempt SET started_at = started_at - 400")
    assert [trouble for trouble, _ in troubles(database)] == expected


def test_a_job_that_runs_again_after_a_charged_attempt_says_what_became_of_that(database: Database) -> None:
    retry = {"budget": {"user_error": 1}, "backoff": {"initial": 1}}
    with database.begin() as conn:
        job_id = submit(conn, retry=retry)
        end(conn, claim(conn), AttemptOutcome.USER_ERROR)
        conn.execute(text("UPDATE job SET not_before = 0"))
        assert claim(conn).lease.attempt == 2
    (one,) = look(database).attention
    assert (one.trouble, one.job_id) == (Trouble.AGAIN, job_id)
    assert one.message == "Attempt 2 runs. The one before: user error. It ended user_error."


def test_the_page_is_there_for_a_viewer_and_its_part_for_htmx(api: Api) -> None:
    job_id = api.submit()
    whole = api.get("//", as_="viewer")
    part = api.get("//", as_="viewer", headers={"HX-Request": "true"})
    assert (whole.status_code, part.status_code) == (200, 200)
    assert "<!doctype html>" in whole.text
    assert "<!doctype html>" not in part.text
    assert f'href="/jobs/{job_id}"' in part.text
