"""Attempts begin, write and end, those that were superseded too."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import MultipleResults, multiple
from sqlalchemy import Connection

from db import leases, reports, transitions
from db.leases import LEASE_S, Held, Lease
from db.outcomes import conclude
from db.reports import Point
from db.transitions import By, Claim, Ending, Moved, StaleLease
from tests.sim.commit import Doer
from tests.sim.model import CLOCK_SLACK_S, best_claim
from tests.sim.snapshot import JobRow
from tests.stateful.draws import ANY_WORKER, ENDS, LACKS
from tests.stateful.rules import Rules, holds, move
from tests.stateful.shed import (
    POOLS,
    RECONCILER,
    RECONCILER_DOES,
    capacity_of,
)
from trainshed.states import Actor, AttemptOutcome, JobRequest, JobState, Reason


class Work(Rules):
    """What workers do, and the reaper."""

    @move(target=Rules.leases, worker=ANY_WORKER, lacks=LACKS)
    def claim(self, worker: str, lacks: dict[str, Any]) -> Lease | MultipleResults[Lease]:
        capacity = capacity_of(worker, **lacks)
        before = self.shed.seen
        best = best_claim(before, capacity, self.shed.now(), locked=self.locked)
        won: Claim | None = self.shed.commit(Doer(Actor.WORKER, worker), lambda conn: transitions.claim(conn, capacity))
        if best is None:
            assert won is None, f"nothing could be claimed, and {won} was"
            return multiple()
        assert won is not None, f"{best} could be claimed, and was not"
        assert won.lease == Lease(best.id, best.attempt + 1, worker), f"{best} comes before {won.lease}"
        assert won.more == self._waits(capacity.pool)
        return won.lease

    def _waits(self, pool: str) -> bool:
        now = self.shed.now() + CLOCK_SLACK_S
        jobs = self.shed.seen.jobs.values()
        return any(job.state == JobState.QUEUED and job.pool == pool and job.not_before <= now for job in jobs)

    @move(worker=ANY_WORKER)
    def look(self, worker: str) -> None:
        """Whether there is work, and what the worker's jobs were asked to do: both are seen without a write."""
        with self.shed.database.unwatched.read() as conn:
            waits = {pool: transitions.work_waits(conn, pool) for pool in POOLS}
            asked = leases.requested(conn, worker)
        assert waits == {pool: self._waits(pool) for pool in POOLS}
        mine = [job for job in self.shed.seen.jobs.values() if job.owner == worker and job.request]
        assert asked == {(job.id, job.attempt): _asked(job) for job in mine}

    @move(worker=ANY_WORKER, held=st.lists(Rules.leases, max_size=3))
    def beat(self, worker: str, held: list[Lease]) -> None:
        mine = [lease.job_id for lease in held]
        before = self.shed.seen.jobs
        answer = self.shed.commit(Doer(Actor.WORKER, worker), lambda conn: leases.beat(conn, worker, mine))
        expected = {
            (job_id, before[job_id].attempt): Held(_asked(before[job_id]))
            for job_id in mine
            if before[job_id].state == JobState.RUNNING and before[job_id].owner == worker
        }
        assert answer == expected
        for job_id, job in before.items():
            moved = self.shed.seen.jobs[job_id].hb - job.hb
            assert moved == (1 if (job_id, job.attempt) in expected else 0), f"{job} was beaten for {moved} times"

    @move(lease=Rules.leases, steps=st.lists(st.integers(1, 4), min_size=1, max_size=3), value=st.integers(0, 9))
    def report(self, lease: Lease, steps: list[int], value: int) -> None:
        points = [Point(series, step, float(value)) for step in steps for series in ("loss", "accuracy", "epoch/loss")]

        def write(conn: Connection) -> Held | None:
            held = leases.fence(conn, lease)
            if held is not None:
                reports.add_points(conn, lease, points)
            return held

        before = self.shed.seen.jobs[lease.job_id]
        held = self.do_as(lease, write)
        assert held == (Held(_asked(before)) if holds(before, lease) else None)
        if held is not None:
            stored = {key[1:]: row.value for key, row in self.shed.seen.points.items() if key[0] == lease.job_id}
            assert all(stored[point.series, point.step] == point.value for point in points)

    @move(lease=Rules.leases, gap=st.sampled_from([0, 0, 0, -1, 1]), size=st.integers(1, 5))
    def print_(self, lease: Lease, gap: int, size: int) -> None:
        """Whoever ran an attempt may add the next bytes of its log, also after its end."""
        stored = self.shed.seen.attempts[lease.job_id, lease.attempt].log_bytes
        start = max(0, stored + gap)
        took = self.do_as(lease, lambda conn: reports.append_log(conn, lease, start=start, data=b"x" * size))
        assert took == (start == stored)
        after = self.shed.seen.attempts[lease.job_id, lease.attempt].log_bytes
        assert after == stored + (size if took else 0)

    @move(lease=Rules.leases, other=ANY_WORKER)
    def print_for_another(self, lease: Lease, other: str) -> None:
        stored = self.shed.seen.attempts[lease.job_id, lease.attempt]
        mine = Lease(lease.job_id, lease.attempt, other)
        write = partial(reports.append_log, lease=mine, start=stored.log_bytes, data=b"y")
        took = self.shed.commit(Doer(Actor.WORKER, other, mine), write)
        assert took == (stored.worker_id == other)

    @move(lease=Rules.leases)
    def start(self, lease: Lease) -> None:
        def write(conn: Connection) -> bool:
            if leases.fence(conn, lease) is None:
                return False
            reports.started(conn, lease, message="Runs.", facts={"threads": 1})
            return True

        before = self.shed.seen.jobs[lease.job_id]
        if self.do_as(lease, write):
            after = self.shed.seen.jobs[lease.job_id]
            assert after.reason == (before.reason if before.request else Reason.RUNNING)
        else:
            assert not holds(before, lease)

    @move(lease=Rules.leases, outcome=st.sampled_from(ENDS), jitter=st.floats(0, 1, exclude_max=True))
    def end(self, lease: Lease, outcome: AttemptOutcome, jitter: float) -> None:
        """The moves are guarded themselves, without the fence that a worker puts before them."""
        before = self.shed.seen.jobs[lease.job_id]
        moved = self.do_as(lease, _ending(lease, outcome, By(Actor.WORKER, lease.owner), jitter))
        assert (moved is not None) == holds(before, lease)
        if moved is not None:
            assert self.shed.seen.jobs[lease.job_id].state == moved.state
        self.check_dependents()

    @move(target=Rules.leases, lease=Rules.leases)
    def begin_again(self, lease: Lease) -> Lease | MultipleResults[Lease]:
        """The same worker gives a job back and takes the next one: often the same, and the old lease names it still."""
        self.end(lease=lease, outcome=AttemptOutcome.PREEMPTED, jitter=0.0)
        won: Lease | MultipleResults[Lease] = self.claim(worker=lease.owner, lacks={})
        return won

    @move(target=Rules.observed, lease=Rules.leases)
    def observe(self, lease: Lease) -> StaleLease | MultipleResults[StaleLease]:
        job = self.shed.seen.jobs[lease.job_id]
        if job.state != JobState.RUNNING:
            return multiple()
        return StaleLease(job.id, job.attempt, job.hb)

    @move(stale=Rules.observed)
    def reap(self, stale: StaleLease) -> None:
        self.shed.advance(LEASE_S)
        before = self.shed.seen.jobs[stale.job_id]
        stands = before.state == JobState.RUNNING and (before.attempt, before.hb) == (stale.attempt, stale.hb)
        moved = self.shed.commit(RECONCILER_DOES, _ending(stale, AttemptOutcome.WORKER_LOST, RECONCILER, 0.5))
        assert (moved is not None) == stands
        self.check_dependents()


def _asked(job: JobRow) -> JobRequest | None:
    return None if job.request is None else JobRequest(job.request)


_Write = Callable[[Connection], Moved | None]


def _ending(lease: Lease | StaleLease, outcome: AttemptOutcome, by: By, jitter: float) -> _Write:
    """Return a write that ends an attempt."""
    ending = Ending(outcome, f"It ended {outcome}.")
    return lambda conn: conclude(conn, lease, ending, by, jitter=jitter)
