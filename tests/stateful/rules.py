"""What all rules share: the things they draw from, and how they act.

Each rule says what the model expects, does it through the real functions, and compares. What was committed is judged
apart from that by `tests.sim.judge`. The rules take leases and heartbeats that may have been overtaken long ago: that
is how the guards of the statements are put to the test.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from hypothesis.stateful import Bundle, RuleBasedStateMachine, multiple, rule
from sqlalchemy import Connection

from api.operations.orders import make
from db.leases import Lease
from tests.sim.commit import Doer
from tests.sim.model import all_parents_succeeded, has_failed_parent
from tests.sim.snapshot import JobRow
from tests.stateful.shed import POOLS, USER_DOES, Blocked, Shed, order_of
from trainshed.states import Actor, JobState


def move(**draws: Any) -> Callable[[Callable[..., Any]], Any]:
    """Make a rule that may find itself blocked."""

    def make_rule(act: Callable[..., Any]) -> Any:
        @wraps(act)
        def unless_blocked(self: Rules, **drawn: Any) -> Any:
            try:
                return act(self, **drawn)
            except Blocked:
                return multiple() if "target" in draws else None

        return rule(**draws)(unless_blocked)

    return make_rule


class Rules(RuleBasedStateMachine):
    """A machine without rules. `shed` is set by the machine of each database."""

    jobs = Bundle("jobs")
    leases = Bundle("leases")
    observed = Bundle("observed")
    """Heartbeats that a reaper saw at some time."""

    shed: Shed
    locked: frozenset[str] = frozenset()
    """Jobs that an open transaction holds: a claim passes over them."""

    def order(self, document: dict[str, Any], *, retry_of: str | None = None) -> object:
        """Submit a job; returns the answer."""
        order = order_of(document, retry_of=retry_of)
        (result,) = self.shed.commit(USER_DOES, lambda conn: make(conn, [order], elastic_pools=POOLS)).results
        return result

    def do_as(self, lease: Lease, write: Callable[[Connection], Any]) -> Any:
        """Write in the name of an attempt."""
        return self.shed.commit(Doer(Actor.WORKER, lease.owner, lease), write)

    def check_dependents(self) -> None:
        """No blocked job is left that could have been settled: whoever ends a job settles what waited for it."""
        seen = self.shed.seen
        for job in seen.jobs.values():
            if job.state == JobState.BLOCKED:
                assert not has_failed_parent(seen, job.id), f"{job.id} still waits for what has failed"
                assert job.held or not all_parents_succeeded(seen, job.id), f"{job.id} waits for nothing"


def holds(job: JobRow, lease: Lease) -> bool:
    """Whether the lease is that of the attempt that runs."""
    return job.state == JobState.RUNNING and (job.attempt, job.owner) == (lease.attempt, lease.owner)
