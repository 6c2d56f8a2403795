"""The reconciler goes round, workers say that they live, time passes."""

from __future__ import annotations

from hypothesis import strategies as st

from db import transitions
from db.leases import LEASE_S
from reconciler import expire, prune, rehint, unblock
from tests.sim.model import next_of_pools
from tests.sim.snapshot import JobRow, Snapshot
from tests.stateful.rules import Rules, move
from tests.stateful.shed import (
    RECONCILER,
    RECONCILER_DOES,
)
from trainshed.states import JobState


class Upkeep(Rules):
    """What happens by itself."""

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
        assert _due_pools(before, now) <= told <= _due_pools(before, after)
        self.check_dependents()

    @move(job=Rules.jobs)
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


def _is_late(job: JobRow, now: float) -> bool:
    return (
        job.state == JobState.QUEUED
        and job.queue_timeout_s is not None
        and (job.queued_at or 0) + job.queue_timeout_s < now
    )


def _due_pools(seen: Snapshot, now: float) -> frozenset[str]:
    """Return the pools whose next job nobody was told of for five seconds."""
    untold = (job for job in next_of_pools(seen, now) if job.hinted_at < now - 5.0 or job.hinted_at < job.not_before)
    return frozenset(job.pool for job in untold)
