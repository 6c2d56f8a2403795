"""Goes through all points of a run, and through all that may go wrong at each."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from db.engine import Database
from db.migrate import upgrade
from tests.crashpoints.sites import Site, list_sites
from tests.crashpoints.world import CrashWorld, Mode, Point
from tests.sim.commit import Violation
from tests.sim.scheduler import StuckError
from tests.sim.snapshot import Witness
from tests.sim.virtual import Clock, sqlite_database

_NOWHERE = -1


@dataclass(frozen=True, slots=True)
class Case:
    """One fault at one point, and what came of it. `violation` None: all promises were kept."""

    seed: int
    point: Point
    mode: Mode
    violation: str | None


@dataclass(frozen=True, slots=True)
class Ground:
    """A database and a folder for one run after the other."""

    database: Database
    witness: Witness
    clock: Clock
    folder: Path

    def points(self, seed: int) -> list[Point]:
        """Return the points of a run in which nothing goes wrong. Raises `Violation`."""
        return self._run(seed, _NOWHERE, Mode.EXCEPTION).points

    def strike(self, seed: int, point: Point, mode: Mode) -> Case:
        """Run it again, with a fault at one point."""
        try:
            world = self._run(seed, point.number, mode)
        except (Violation, StuckError) as violation:
            return Case(seed, point, mode, str(violation))
        missed = not world.is_struck or world.points[point.number] != point
        return Case(seed, point, mode, "the run went another way before the fault" if missed else None)

    def _run(self, seed: int, at: int, mode: Mode) -> CrashWorld:
        self.clock.now = Clock().now
        folder = self.folder / "world"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        world = CrashWorld(seed, self.database, self.witness, self.clock, folder, at=at, mode=mode)
        world.run()
        return world


@contextmanager
def ground_in(folder: Path) -> Iterator[Ground]:
    """Prepare `folder`."""
    path = folder / "crash.db"
    upgrade(f"sqlite:///{path}")
    clock = Clock()
    with sqlite_database(path, clock) as (database, witness):
        yield Ground(database, witness, clock, folder)


def first_of_each(ground: Ground, seeds: Sequence[int], known: set[Site]) -> Iterator[tuple[int, Point]]:
    """Yield a run and a point of it for each place that is not in `known`, out of no more runs than that takes."""
    for seed in takewhile(lambda _: known < list_sites(), seeds):
        for point in ground.points(seed):
            if point.site not in known:
                known.add(point.site)
                yield seed, point
