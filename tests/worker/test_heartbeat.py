"""One beat keeps all leases of a worker and brings back what was asked of its jobs. On both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from db import counters, requests, workers
from db.engine import Database
from db.leases import Held, Lease
from tests.factories import USER, claim, end, make_project, submit
from tests.reconciler.test_duties import FACTS
from trainshed.states import AttemptOutcome, JobRequest
from worker.heartbeat import Heartbeat
from worker.tally import Tally


class Listener:
    """Notes what a heartbeat says."""

    def __init__(self, lease: Lease) -> None:
        self.lease = lease
        self.beats: list[Held | None] = []
        self.requests: list[JobRequest] = []

    def on_beat(self, held: Held | None) -> None:
        self.beats.append(held)

    def on_request(self, request: JobRequest) -> None:
        self.requests.append(request)


@pytest.fixture
def tally() -> Tally:
    return Tally()


@pytest.fixture
def heartbeat(database: Database, tally: Tally) -> Heartbeat:
    with database.begin() as conn:
        make_project(conn)
    return Heartbeat(database, FACTS, busy=lambda: 1, state=lambda: "active", tally=tally)


def test_a_beat_extends_every_lease_and_registers_a_worker_that_was_forgotten(
    database: Database, heartbeat: Heartbeat
) -> None:
    with database.begin() as conn:
        for _ in range(2):
            submit(conn)
        listeners = [Listener(claim(conn).lease) for _ in range(2)]
        before = conn.execute(text("SELECT sum(hb) FROM job")).scalar_one()
    for listener in listeners:
        heartbeat.add(listener)
    heartbeat.beat_once()
    heartbeat.beat_once()
    assert [listener.beats for listener in listeners] == [[Held(None)] * 2] * 2
    with database.read() as conn:
        assert conn.execute(text("SELECT sum(hb) FROM job")).scalar_one() == before + 4
        assert conn.execute(text("SELECT busy FROM worker")).scalar_one() == 1


def test_an_idle_worker_beats_too(database: Database, heartbeat: Heartbeat) -> None:
    heartbeat.beat_once()
    heartbeat.look_once()
    with database.read() as conn:
        assert conn.execute(text("SELECT count(*) FROM worker")).scalar_one() == 1


def test_an_attempt_that_was_superseded_hears_that_its_lease_is_lost(database: Database, heartbeat: Heartbeat) -> None:
    with database.begin() as conn:
        submit(conn)
        won = claim(conn)
        listener = Listener(won.lease)
        end(conn, won, AttemptOutcome.WORKER_LOST)
        claim(conn, worker_id="wrk_b")
    heartbeat.add(listener)
    heartbeat.beat_once()
    assert listener.beats == [None]


def test_a_cancel_is_heard_between_two_beats_without_a_write(database: Database, heartbeat: Heartbeat) -> None:
    with database.begin() as conn:
        job_id = submit(conn)
        listener = Listener(claim(conn).lease)
        requests.request_cancel(conn, job_id, USER)
        before = conn.execute(text("SELECT hb FROM job")).scalar_one()
    heartbeat.add(listener)
    heartbeat.look_once()
    assert listener.requests == [JobRequest.CANCEL]
    with database.read() as conn:
        assert conn.execute(text("SELECT hb FROM job")).scalar_one() == before


def test_a_beat_writes_what_was_counted(database: Database, heartbeat: Heartbeat, tally: Tally) -> None:
    heartbeat.beat_once()
    tally.claimed("hint")
    heartbeat.beat_once()
    tally.claimed("hint")
    tally.ended(AttemptOutcome.SUCCEEDED)
    heartbeat.beat_once()
    with database.read() as conn:
        assert counters.by_pool(conn) == {"cpu": {"claims:hint": 2, "attempts:succeeded": 1}}


def test_a_worker_that_was_forgotten_while_it_was_cut_off_counts_nothing_twice(
    database: Database, heartbeat: Heartbeat, tally: Tally
) -> None:
    heartbeat.beat_once()
    for _ in range(2):
        tally.fenced()
        heartbeat.beat_once()
        with database.begin() as conn:
            conn.execute(text("UPDATE worker SET last_seen_at = last_seen_at - 4000"))
            assert workers.forget(conn, older_than_s=3600.0) == [FACTS.id]
        tally.fenced()
        heartbeat.beat_once()
        heartbeat.beat_once()
    with database.read() as conn:
        assert counters.by_pool(conn) == {"cpu": {"fenced_writes": 4}}
