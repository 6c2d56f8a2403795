"""One commit under judgement: what was before, what is after, and who did it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from db.leases import Lease
from tests.sim.snapshot import JobRow, Snapshot
from trainshed.states import Actor, JobState

Outages = Sequence[tuple[float, float]]
"""From when to when, in order."""


class Violation(Exception):
    """A promise was broken."""


@dataclass(frozen=True, slots=True)
class Doer:
    """Who commits: kind, name, and the attempt on whose behalf it acts, if any."""

    actor: Actor
    name: str
    lease: Lease | None = None


@dataclass(slots=True)
class Commit:
    """What the judge is told of it."""

    before: Snapshot
    after: Snapshot
    doer: Doer
    now: float
    """By the database's clock."""
    true_now: float
    """By a clock that nobody moves."""
    outages: Outages

    def authority(self, job: JobRow, does: str) -> None:
        """Whoever writes for an attempt must hold the job, as it was committed before."""
        doer = self.doer
        holds = doer.actor is Actor.WORKER and job.state == JobState.RUNNING and job.owner == doer.name
        same = doer.lease is None or doer.lease == Lease(job.id, job.attempt, doer.name)
        self.demand(holds and same, f"{doer} {does} {job.id}, which is {job.state} {job.attempt} of {job.owner}")

    def only_added(self, before: Mapping[Any, Any], after: Mapping[Any, Any], what: str) -> None:
        """Raise `Violation` if something of `before` is not there or not the same `after`."""
        if not before.items() <= after.items():
            self.refuse(f"{what} changed or went: {dict(before.items() - after.items())}")

    def demand(self, holds: object, otherwise: str) -> None:
        """Raise `Violation` unless `holds`."""
        if not holds:
            self.refuse(otherwise)

    def refuse(self, why: str) -> NoReturn:
        """Raise `Violation`."""
        raise Violation(f"{why} [{self.doer}]")
