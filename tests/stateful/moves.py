"""Everything that can happen to jobs, as rules for hypothesis: in any order, by anybody, with stale knowledge."""

from __future__ import annotations

from db.leases import Lease
from tests.stateful.draws import ANY_WORKER
from tests.stateful.orders import Orders
from tests.stateful.overtaken import Overtaken
from tests.stateful.people import People
from tests.stateful.progress import Progress
from tests.stateful.rules import Rules, move
from tests.stateful.upkeep import Upkeep
from trainshed.states import AttemptOutcome


class Moves(Orders, Overtaken, Progress, People, Upkeep):
    """All rules."""

    @move(lease=Rules.leases)
    def pause_and_resume(self, lease: Lease) -> None:
        """Each of the two has its own rule; the one after the other, for the same job, is rare by chance."""
        self.end(lease=lease, outcome=AttemptOutcome.PAUSED, jitter=0.0)
        self.resume(job=lease.job_id)

    @move(lease=Rules.leases, worker=ANY_WORKER)
    def ask_and_look(self, lease: Lease, worker: str) -> None:
        """What a job was asked to do is for its own worker alone."""
        self.request_pause(job=lease.job_id)
        self.look(worker=worker)
