"""Takes jobs away from workers whose heartbeat stands still.

The rule is that of leader election: a lease is over when its heartbeat counter has not moved for a whole lease *on the
observer's own monotonic clock*. No two clocks are compared, so a jump of any of them reaps nothing. When the observer
itself was not looking (a long gap, a database that did not answer), it forgets all it saw and begins again: that keeps
a database that froze from looking like a fleet of dead workers.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from db import counters
from db.engine import Database
from db.leases import LEASE_S
from db.outcomes import conclude
from db.sql import Statement
from db.transitions import By, Ending, StaleLease
from trainshed.states import AttemptOutcome

_LONGEST_GAP_S: Final = LEASE_S / 3

# Without an order: SQLite would go over all jobs for it.
_RUNNING: Final = Statement("SELECT id, attempt, hb, owner, pool FROM job WHERE state = 'running'")


@dataclass(frozen=True, slots=True)
class Counts:
    """What a run of the reaper did."""

    running: int
    reaped: tuple[str, ...]
    woken_pools: frozenset[str]


class Reaper:
    """Watches the heartbeats of all running jobs."""

    def __init__(self, by: By, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._by = by
        self._clock = clock
        self._first_seen: dict[StaleLease, float] = {}
        self._looked_at: float | None = None

    def run_once(self, database: Database) -> Counts:
        """Look once, and reap what has stood still for a whole lease."""
        with database.read() as conn:
            seen = {StaleLease(row.id, row.attempt, row.hb): row for row in _RUNNING.run(conn)}
        now = self._clock()
        # Only now is it known how long the look took: a read that waited for a database that froze is a gap as well.
        self._forget_after_a_gap(now)
        self._looked_at = now
        self._first_seen = {lease: self._first_seen.get(lease, now) for lease in seen}
        still = (lease for lease, since in self._first_seen.items() if now - since >= LEASE_S)
        stale = sorted(still, key=lambda lease: lease.job_id)
        reaped: list[str] = []
        pools: set[str] = set()
        for lease in stale:
            with database.begin() as conn:
                moved = self._reap(conn, lease, owner=seen[lease].owner, pool=seen[lease].pool)
            if moved is not None:
                reaped.append(lease.job_id)
                pools |= moved
        return Counts(len(seen), tuple(reaped), frozenset(pools))

    def _forget_after_a_gap(self, now: float) -> None:
        if self._looked_at is None or now - self._looked_at > _LONGEST_GAP_S:
            self._first_seen.clear()

    def _reap(self, conn: Connection, lease: StaleLease, *, owner: str, pool: str) -> frozenset[str] | None:
        message = f"Its worker {owner} sent no heartbeat for {LEASE_S:.0f} s."
        ending = Ending(AttemptOutcome.WORKER_LOST, message)
        moved = conclude(conn, lease, ending, self._by, jitter=random.random())  # noqa: S311 - spreads retries
        if moved is None:
            return None
        counters.add(conn, [(pool, {counters.attempts_with(ending.outcome): 1})])  # its worker cannot count it any more
        return moved.woken_pools
