"""Users change their minds."""

from __future__ import annotations

from functools import partial

from hypothesis import strategies as st
from sqlalchemy import Connection

from db import changes, requests, transitions, workers
from db.transitions import Moved
from tests.sim.commit import Doer
from tests.sim.model import CLOCK_SLACK_S
from tests.stateful.draws import ANY_WORKER
from tests.stateful.rules import Rules, move
from tests.stateful.shed import (
    USER,
    USER_DOES,
    facts_of,
)
from trainshed.states import Actor, JobState, Reason


class People(Rules):
    """What users do to a job or a worker that is there."""

    @move(job=Rules.jobs)
    def cancel(self, job: str) -> None:
        before = self.shed.seen.jobs[job]
        move = partial(transitions.cancel, job_id=job, by=USER.by, reason=Reason.CANCELLED_BY_USER, message="By hand.")
        moved = self.shed.commit(USER_DOES, move)
        assert (moved is not None) == (before.state in {JobState.BLOCKED, JobState.QUEUED, JobState.PAUSED})
        self.check_dependents()

    @move(job=Rules.jobs)
    def request_cancel(self, job: str) -> None:
        before = self.shed.seen.jobs[job]
        asked = self.shed.commit(USER_DOES, lambda conn: requests.request_cancel(conn, job, USER.by))
        assert asked == (before.state == JobState.RUNNING and before.request != "cancel")

    @move(job=Rules.jobs)
    def request_pause(self, job: str) -> None:
        before = self.shed.seen.jobs[job]
        asked = self.shed.commit(USER_DOES, lambda conn: requests.request_pause(conn, job, USER.by))
        assert asked == (before.state == JobState.RUNNING and before.request is None)

    @move(job=Rules.jobs)
    def resume(self, job: str) -> None:
        before = self.shed.seen.jobs[job]
        moved = self.shed.commit(USER_DOES, lambda conn: transitions.resume(conn, job, USER.by))
        assert moved == (Moved(JobState.QUEUED, frozenset({before.pool})) if before.state == JobState.PAUSED else None)

    @move(job=Rules.jobs)
    def hold(self, job: str) -> None:
        before = self.shed.seen.jobs[job]
        held = self.shed.commit(USER_DOES, lambda conn: transitions.hold(conn, job, USER.by))
        assert held == (before.state in {JobState.BLOCKED, JobState.QUEUED} and not before.held)

    @move(job=Rules.jobs)
    def unhold(self, job: str) -> None:
        before = self.shed.seen.jobs[job]
        moved = self.shed.commit(USER_DOES, lambda conn: transitions.unhold(conn, job, USER.by))
        assert (moved is not None) == before.held
        self.check_dependents()

    @move(job=Rules.jobs, priority=st.integers(0, 3))
    def reprioritise(self, job: str, priority: int) -> None:
        if self.shed.seen.jobs[job].state in {JobState.BLOCKED, JobState.QUEUED}:
            self.shed.commit(USER_DOES, lambda conn: changes.set_priority(conn, job, priority, USER.by))
            assert self.shed.seen.jobs[job].priority == priority

    @move(worker=ANY_WORKER, drain=st.sampled_from([True, False, False]))
    def drain(self, worker: str, drain: bool) -> None:
        there = self.shed.seen.workers.get(worker)
        was_set = self.shed.commit(USER_DOES, lambda conn: workers.set_drain(conn, worker, drain=drain))
        assert was_set == (there is not None and (there.state != "gone" or not drain))

    @move(worker=ANY_WORKER)
    def seen(self, worker: str) -> None:
        there = self.shed.seen.workers.get(worker)

        def write(conn: Connection) -> workers.Seen | None:
            seen = workers.seen(conn, worker, busy=0, state="active", counts={})
            if seen is None:
                workers.register(conn, facts_of(worker))
            return seen

        told = self.shed.commit(Doer(Actor.WORKER, worker), write)
        assert told == (None if there is None else workers.Seen(bool(there.drain)))
        row = self.shed.seen.workers[worker]
        assert (row.state, abs(row.last_seen_at - self.shed.now()) < CLOCK_SLACK_S) == (
            "draining" if row.drain else "active",
            True,
        )
