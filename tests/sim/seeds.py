"""Runs seeds, one after the other, on one database that is wiped between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from db.migrate import upgrade
from tests.sim.commit import Violation
from tests.sim.scheduler import StuckError
from tests.sim.virtual import Clock, sqlite_database
from tests.sim.world import run_seed


@dataclass(frozen=True, slots=True)
class Run:
    """What became of one seed."""

    seed: int
    history: list[tuple[str, str, int]]
    violation: str | None
    met: frozenset[str] = frozenset()
    """Types of events."""
    went_on: int = 0
    """Attempts that went on from a state of training."""


def run_seeds(seeds: Iterable[int], folder: Path) -> Iterator[Run]:
    """Run each seed in `folder`, where a database is made first."""
    path = folder / "sim.db"
    upgrade(f"sqlite:///{path}")
    clock = Clock()
    with sqlite_database(path, clock) as (database, witness):
        for seed in seeds:
            clock.now = Clock().now
            try:
                world = run_seed(seed, database, witness, clock, folder / "world")
            except (Violation, StuckError) as violation:
                yield Run(seed, [], f"{violation}")
            else:
                went_on = sum(done.began_at > 0 for done in world.deeds.values())
                yield Run(seed, world.history, None, world.met, went_on)
