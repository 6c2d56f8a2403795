"""Somebody acts on what was true a moment ago: what is rare by chance, as rules of its own."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from hypothesis import strategies as st

from db import leases
from db.leases import Lease
from db.outcomes import conclude
from db.transitions import By, Ending, StaleLease
from tests.sim.commit import Doer
from tests.stateful.draws import ENDS
from tests.stateful.rules import Rules, move
from tests.stateful.shed import WORKERS
from tests.stateful.work import Work
from trainshed.states import Actor, AttemptOutcome, JobState


class Overtaken(Work):
    """Each of these must change nothing in the end."""

    @move(lease=Rules.leases, outcome=st.sampled_from(ENDS))
    def end_for_another(self, lease: Lease, outcome: AttemptOutcome) -> None:
        other = next(worker for worker in WORKERS if worker != lease.owner)
        mine = replace(lease, owner=other)
        end = partial(conclude, lease=mine, ending=Ending(outcome, "Not mine."), by=By(Actor.WORKER, other), jitter=0.5)
        held, moved = self.shed.commit(
            Doer(Actor.WORKER, other, mine), lambda conn: (leases.fence(conn, mine), end(conn))
        )
        assert (held, moved) == (None, None)

    @move(target=Rules.leases, lease=Rules.leases, outcome=st.sampled_from(ENDS))
    def end_by_an_earlier_attempt(self, lease: Lease, outcome: AttemptOutcome) -> object:
        won = self.begin_again(lease=lease)
        self.end(lease=lease, outcome=outcome, jitter=0.5)
        return won

    @move(lease=Rules.leases)
    def reap_what_was_beaten(self, lease: Lease) -> None:
        job = self.shed.seen.jobs[lease.job_id]
        if job.state != JobState.RUNNING or job.owner is None:
            return
        self.beat(worker=job.owner, held=[Lease(job.id, job.attempt, job.owner)])
        self.reap(stale=StaleLease(job.id, job.attempt, job.hb))
