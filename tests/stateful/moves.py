"""Everything that can happen to jobs, as rules for hypothesis: in any order, by anybody, with stale knowledge.

Each rule says what the model expects, does it through the real functions, and compares. What was committed is judged
apart from that by `tests.sim.judge`. The rules take leases and heartbeats that may have been overtaken long ago: that
is how the guards of the statements are put to the test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial, wraps
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, MultipleResults, RuleBasedStateMachine, initialize, multiple, rule
from sqlalchemy import Connection

from api.operations.orders import Accepted, make
from db import changes, leases, reports, requests, transitions, workers
from db.leases import LEASE_S, Held, Lease
from db.outcomes import conclude
from db.reports import Point
from db.transitions import By, Claim, Ending, Moved, StaleLease
from reconciler import expire, prune, rehint, unblock
from tests.sim.judge import Doer
from tests.sim.model import CLOCK_SLACK_S, all_parents_succeeded, best_claim, has_failed_parent
from tests.sim.snapshot import JobRow
from tests.stateful.draws import ANY_WORKER, ENDS, FIRST, LACKS, SPECS
from tests.stateful.shed import (
    POOLS,
    RECONCILER,
    RECONCILER_DOES,
    USER,
    USER_DOES,
    Blocked,
    Shed,
    capacity_of,
    facts_of,
    order_of,
)
from trainshed.errors import IdempotencyMismatch
from trainshed.states import TERMINAL_STATES, Actor, AttemptOutcome, JobRequest, JobState, Reason


def move(**draws: Any) -> Callable[[Callable[..., Any]], Any]:
    """Make a rule that may find itself blocked."""

    def make_rule(act: Callable[..., Any]) -> Any:
        @wraps(act)
        def unless_blocked(self: Moves, **drawn: Any) -> Any:
            try:
                return act(self, **drawn)
            except Blocked:
                return multiple() if "target" in draws else None

        return rule(**draws)(unless_blocked)

    return make_rule


class Moves(RuleBasedStateMachine):
    """The rules. `shed` is set by the machine of each database."""

    jobs = Bundle("jobs")
    leases = Bundle("leases")
    observed = Bundle("observed")
    """Heartbeats that a reaper saw at some time."""

    shed: Shed
    locked: frozenset[str] = frozenset()
    """Jobs that an open transaction holds: a claim passes over them."""

    # --- submit ---

    @initialize(target=jobs)
    def begin_with_some(self) -> MultipleResults[str]:
        """Of each sort one, so that claims have something to choose from."""
        results = [self._order(document) for document in FIRST]
        return multiple(*(result.job_id for result in results if isinstance(result, Accepted)))

    @move(target=jobs, spec=SPECS, parents=st.lists(jobs, max_size=2, unique=True))
    def submit(self, spec: dict[str, Any], parents: list[str]) -> Any:
        document = {**spec, "depends_on": parents} if parents else spec
        result = self._order(document)
        if any(self.shed.seen.jobs[job].state in {JobState.FAILED, JobState.CANCELLED} for job in parents):
            assert not isinstance(result, Accepted)
            return multiple()
        assert isinstance(result, Accepted)
        return result.job_id

    @move(target=jobs, key=st.sampled_from("ab"), priority=st.integers(0, 1))
    def submit_with_key(self, key: str, priority: int) -> str | MultipleResults[str]:
        document = {"priority": priority}
        order = order_of(document, key=key)
        kept = self.shed.seen.keys.get((order.key.project_id, key)) if order.key else None
        known = kept if kept and kept.created_at >= self.shed.now() - 86_400 else None
        (result,) = self.shed.commit(USER_DOES, lambda conn: make(conn, [order], elastic_pools=POOLS)).results
        if known is None:
            assert isinstance(result, Accepted)
            assert not result.replayed
            return result.job_id
        if known.request_sha256 != order.request_sha256:
            assert isinstance(result, IdempotencyMismatch)
        else:
            assert isinstance(result, Accepted)
            assert (result.job_id, result.replayed) == (known.job_id, True)
        return multiple()

    @move(target=jobs, job=jobs)
    def retry(self, job: str) -> str | MultipleResults[str]:
        if self.shed.seen.jobs[job].state not in TERMINAL_STATES:
            return multiple()
        before = self.shed.seen.jobs[job]
        result = self._order({}, retry_of=job)
        assert isinstance(result, Accepted)
        assert self.shed.seen.jobs[job] == before
        return result.job_id

    def _order(self, document: dict[str, Any], *, retry_of: str | None = None) -> object:
        order = order_of(document, retry_of=retry_of)
        (result,) = self.shed.commit(USER_DOES, lambda conn: make(conn, [order], elastic_pools=POOLS)).results
        return result

    # --- work ---

    @move(target=leases, worker=ANY_WORKER, lacks=LACKS)
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

    @move(worker=ANY_WORKER, held=st.lists(leases, max_size=3))
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

    @move(lease=leases, steps=st.lists(st.integers(1, 4), min_size=1, max_size=3), value=st.integers(0, 9))
    def report(self, lease: Lease, steps: list[int], value: int) -> None:
        points = [Point(series, step, float(value)) for step in steps for series in ("loss", "accuracy")]

        def write(conn: Connection) -> Held | None:
            held = leases.fence(conn, lease)
            if held is not None:
                reports.add_points(conn, lease, points)
            return held

        before = self.shed.seen.jobs[lease.job_id]
        held = self._as(lease, write)
        assert held == (Held(_asked(before)) if _holds(before, lease) else None)
        if held is not None:
            stored = {key[1:]: row.value for key, row in self.shed.seen.points.items() if key[0] == lease.job_id}
            assert all(stored[point.series, point.step] == point.value for point in points)

    @move(lease=leases, gap=st.sampled_from([0, 0, 0, -1, 1]), size=st.integers(1, 5))
    def print_(self, lease: Lease, gap: int, size: int) -> None:
        """Whoever ran an attempt may add the next bytes of its log, also after its end."""
        stored = self.shed.seen.attempts[lease.job_id, lease.attempt].log_bytes
        start = max(0, stored + gap)
        took = self._as(lease, lambda conn: reports.append_log(conn, lease, start=start, data=b"x" * size))
        assert took == (start == stored)
        after = self.shed.seen.attempts[lease.job_id, lease.attempt].log_bytes
        assert after == stored + (size if took else 0)

    @move(lease=leases, other=ANY_WORKER)
    def print_for_another(self, lease: Lease, other: str) -> None:
        stored = self.shed.seen.attempts[lease.job_id, lease.attempt]
        mine = Lease(lease.job_id, lease.attempt, other)
        write = partial(reports.append_log, lease=mine, start=stored.log_bytes, data=b"y")
        took = self.shed.commit(Doer(Actor.WORKER, other, mine), write)
        assert took == (stored.worker_id == other)

    @move(lease=leases)
    def start(self, lease: Lease) -> None:
        def write(conn: Connection) -> bool:
            if leases.fence(conn, lease) is None:
                return False
            reports.started(conn, lease, message="Runs.", facts={"threads": 1})
            return True

        before = self.shed.seen.jobs[lease.job_id]
        if self._as(lease, write):
            after = self.shed.seen.jobs[lease.job_id]
            assert after.reason == (before.reason if before.request == "cancel" else Reason.RUNNING)
        else:
            assert not _holds(before, lease)

    @move(lease=leases, outcome=st.sampled_from(ENDS), jitter=st.floats(0, 1, exclude_max=True))
    def end(self, lease: Lease, outcome: AttemptOutcome, jitter: float) -> None:
        """The moves are guarded themselves, without the fence that a worker puts before them."""
        before = self.shed.seen.jobs[lease.job_id]
        moved = self._as(lease, self._ending(lease, outcome, By(Actor.WORKER, lease.owner), jitter))
        assert (moved is not None) == _holds(before, lease)
        if moved is not None:
            assert self.shed.seen.jobs[lease.job_id].state == moved.state
        self._check_dependents()

    @move(target=leases, lease=leases)
    def begin_again(self, lease: Lease) -> Lease | MultipleResults[Lease]:
        """The same worker gives a job back and takes the next one: often the same, and the old lease names it still."""
        self.end(lease=lease, outcome=AttemptOutcome.PREEMPTED, jitter=0.0)
        won: Lease | MultipleResults[Lease] = self.claim(worker=lease.owner, lacks={})
        return won

    def _as(self, lease: Lease, write: Any) -> Any:
        return self.shed.commit(Doer(Actor.WORKER, lease.owner, lease), write)

    def _ending(self, lease: Lease | StaleLease, outcome: AttemptOutcome, by: By, jitter: float) -> Any:
        ending = Ending(outcome, f"It ended {outcome}.")

        def write(conn: Connection) -> Moved | None:
            return conclude(conn, lease, ending, by, jitter=jitter)

        return write

    # --- reap ---

    @move(target=observed, lease=leases)
    def observe(self, lease: Lease) -> StaleLease | MultipleResults[StaleLease]:
        job = self.shed.seen.jobs[lease.job_id]
        if job.state != JobState.RUNNING:
            return multiple()
        return StaleLease(job.id, job.attempt, job.hb)

    @move(stale=observed)
    def reap(self, stale: StaleLease) -> None:
        self.shed.advance(LEASE_S)
        before = self.shed.seen.jobs[stale.job_id]
        stands = before.state == JobState.RUNNING and (before.attempt, before.hb) == (stale.attempt, stale.hb)
        ending = self._ending(stale, AttemptOutcome.WORKER_LOST, RECONCILER, 0.5)
        moved = self.shed.commit(RECONCILER_DOES, ending)
        assert (moved is not None) == stands
        self._check_dependents()

    # --- what users do ---

    @move(job=jobs)
    def cancel(self, job: str) -> None:
        before = self.shed.seen.jobs[job]
        move = partial(transitions.cancel, job_id=job, by=USER.by, reason=Reason.CANCELLED_BY_USER, message="By hand.")
        moved = self.shed.commit(USER_DOES, move)
        assert (moved is not None) == (before.state in {JobState.BLOCKED, JobState.QUEUED, JobState.PAUSED})
        self._check_dependents()

    @move(job=jobs)
    def request_cancel(self, job: str) -> None:
        before = self.shed.seen.jobs[job]
        asked = self.shed.commit(USER_DOES, lambda conn: requests.request_cancel(conn, job, USER.by))
        assert asked == (before.state == JobState.RUNNING and before.request != "cancel")

    @move(job=jobs)
    def hold(self, job: str) -> None:
        before = self.shed.seen.jobs[job]
        held = self.shed.commit(USER_DOES, lambda conn: transitions.hold(conn, job, USER.by))
        assert held == (before.state in {JobState.BLOCKED, JobState.QUEUED} and not before.held)

    @move(job=jobs)
    def unhold(self, job: str) -> None:
        before = self.shed.seen.jobs[job]
        moved = self.shed.commit(USER_DOES, lambda conn: transitions.unhold(conn, job, USER.by))
        assert (moved is not None) == before.held
        self._check_dependents()

    @move(job=jobs, priority=st.integers(0, 3))
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

    # --- the reconciler ---

    @move()
    def run_duties(self) -> None:
        before, now = self.shed.seen, self.shed.now()
        database = self.shed.database
        with self.shed.unless_blocked(), database.by(RECONCILER_DOES):
            told = rehint.run_once(database).pools
            expired = expire.run_once(database, RECONCILER).expired
            unblock.run_once(database, RECONCILER)
        # The clock goes on while the duties run: what became late or due meanwhile may have been seen or not.
        jobs, after = before.jobs.values(), self.shed.now()
        assert {job.id for job in jobs if _is_late(job, now)} - self.locked <= set(expired)
        assert set(expired) <= {job.id for job in jobs if _is_late(job, after)}
        # The database rounds: what is next is certain where it is the same a little earlier and a little later.
        untold = _untold(jobs, now - CLOCK_SLACK_S) & _untold(jobs, now + CLOCK_SLACK_S)
        assert untold <= told | {job.pool for job in jobs if job.id in self.locked}
        assert told <= {job.pool for job in jobs if _is_due(job, after)}
        self._check_dependents()

    @move(job=jobs)
    def settle(self, job: str) -> None:
        """The net may look at any job, also one for which there is nothing to do."""
        self.shed.commit(RECONCILER_DOES, lambda conn: transitions.settle(conn, job, RECONCILER))

    @move()
    def prune(self) -> None:
        before, now = self.shed.seen, self.shed.now()
        with self.shed.unless_blocked(), self.shed.database.by(RECONCILER_DOES):
            prune.run_once(self.shed.database)
        after = self.shed.seen
        owners = {job.owner for job in before.jobs.values()}
        for worker in before.workers.values():
            silent_s = now - worker.last_seen_at
            gone = worker.state == "gone" or silent_s > 2 * LEASE_S
            forgotten = silent_s > prune.KEEP_GONE_WORKERS_S and worker.id not in owners
            row = after.workers.get(worker.id)
            assert (row is None) == forgotten, f"{worker} was silent for {silent_s} s"
            assert row is None or (row.state == "gone") == gone
        for key, kept in before.keys.items():
            assert (key in after.keys) == (kept.created_at >= now - prune.KEEP_IDEMPOTENCY_KEYS_S)

    @move(seconds=st.sampled_from([0.5, 3.0, 6.0, 30.0, 4_000.0, 90_000.0]))
    def wait(self, seconds: float) -> None:
        self.shed.advance(seconds)

    def _check_dependents(self) -> None:
        """No blocked job is left that could have been settled: whoever ends a job settles what waited for it."""
        seen = self.shed.seen
        for job in seen.jobs.values():
            if job.state == JobState.BLOCKED:
                assert not has_failed_parent(seen, job.id), f"{job.id} still waits for what has failed"
                assert job.held or not all_parents_succeeded(seen, job.id), f"{job.id} waits for nothing"


def _asked(job: JobRow) -> JobRequest | None:
    return None if job.request is None else JobRequest(job.request)


def _holds(job: JobRow, lease: Lease) -> bool:
    return job.state == JobState.RUNNING and (job.attempt, job.owner) == (lease.attempt, lease.owner)


def _is_late(job: JobRow, now: float) -> bool:
    return (
        job.state == JobState.QUEUED
        and job.queue_timeout_s is not None
        and (job.queued_at or 0) + job.queue_timeout_s < now
    )


def _untold(jobs: Iterable[JobRow], now: float) -> set[str]:
    """Return the pools whose next job waits and nobody was told of."""
    waiting = [job for job in jobs if job.state == JobState.QUEUED and job.not_before <= now]
    pools = {job.pool for job in waiting}
    order = lambda job: (-job.priority, job.not_before, job.id)  # noqa: E731
    first = [min((job for job in waiting if job.pool == pool), key=order) for pool in pools]
    return {job.pool for job in first if _is_due(job, now)}


def _is_due(job: JobRow, now: float) -> bool:
    due = job.state == JobState.QUEUED and job.not_before <= now + CLOCK_SLACK_S
    return due and (job.hinted_at < now - 5.0 or job.hinted_at < job.not_before)
