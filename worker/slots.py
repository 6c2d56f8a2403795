"""The slots of a worker: how many jobs it runs at once, and what each of them takes.

One `Slots` is shared by the hint tasks and the poller, so that however work is noticed, no more is taken than there is
room for. Claims of one worker go one after the other, because each one asks for what the others left.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from db.claim_rules import ROUNDING
from db.leases import Lease
from db.transitions import Capacity, Claim


@dataclass(frozen=True, slots=True)
class Share:
    """What one running job takes. Memory in bytes."""

    cpus: float
    memory_bytes: int
    gpus: int


def _nobody_waits() -> None:
    """Do nothing."""


class Slots:
    """Counts slots and resources. `whole` is what the worker has when it is idle."""

    def __init__(self, total: int, whole: Capacity) -> None:
        self.total = total
        self._whole = whole
        self._claiming = threading.Lock()
        self._changed = threading.Lock()
        self._taken = 0
        self.freed: Callable[[], None] = _nobody_waits
        """Called whenever a slot was given back."""
        self._shares: dict[Lease, Share] = {}

    @property
    def free(self) -> int:
        return self.total - self._taken

    @property
    def busy(self) -> int:
        """How many slots run a job at this moment."""
        return len(self._shares)

    def take(self) -> bool:
        """Take a slot if one is free. Whoever took one gives it back with `give`."""
        with self._changed:
            if self._taken >= self.total:
                return False
            self._taken += 1
            return True

    def give(self) -> None:
        with self._changed:
            self._taken -= 1
        self.freed()

    def claim(self, ask: Callable[[Capacity], Claim | None]) -> Claim | None:
        """Ask the database for a job that fits in what is free now, and reserve what it takes."""
        with self._claiming:
            won = ask(self._left())
            if won is not None:
                self._shares[won.lease] = self.share_of(won)
            return won

    def release(self, claim: Claim) -> None:
        """Give back what a job took."""
        self._shares.pop(claim.lease, None)

    def share_of(self, claim: Claim) -> Share:
        cpus = self._whole.slot_cpus if claim.cpus is None else claim.cpus
        return Share(cpus, claim.memory_bytes or 0, claim.gpus)

    def _left(self) -> Capacity:
        taken = list(self._shares.values())
        return replace(
            self._whole,
            cpus=self._whole.cpus - sum(share.cpus for share in taken) + ROUNDING,
            memory_bytes=self._whole.memory_bytes - sum(share.memory_bytes for share in taken),
            gpus=self._whole.gpus - sum(share.gpus for share in taken),
        )
