"""Looks whether a test notices that a guard is gone: first the moves of `tests.stateful`, then simulated worlds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from db.migrate import upgrade
from tests.sim.snapshot import Witness
from tests.sim.virtual import Clock, sqlite_database
from tests.sim.watched import WatchedDatabase
from tests.sim.world import run_seed
from tests.stateful.moves import Moves
from tests.stateful.shed import Shed

EXAMPLES: Final = 400
SEEDS: Final = 100


class Mutant(Protocol):
    """A guard that can be taken out."""

    @property
    def where(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def name(self) -> str: ...
    @contextmanager
    def taken_out(self) -> Iterator[None]:
        yield


@dataclass(frozen=True, slots=True)
class Hunter:
    """A database to hunt on."""

    database: WatchedDatabase
    witness: Witness
    clock: Clock
    folder: Path

    def kill(self, mutant: Mutant) -> str | None:
        """Return what noticed that a guard is gone. None: nothing did."""
        with mutant.taken_out():
            why = self.moves_fail()
            if why is not None:
                return f"moves ({why})"
            for seed in range(SEEDS):
                why = self._seed_fails(seed)
                if why is not None:
                    return f"seed {seed} ({why})"
        return None

    def moves_fail(self) -> str | None:
        """Return why the moves fail, always the same ones."""
        machine = _machine_on(Shed(self.database, self._advance, lambda: self.clock.now))
        try:
            run_state_machine_as_test(machine, settings=_MOVES)
        except Exception as error:  # noqa: BLE001 - a mutant may break anything
            return type(error).__name__
        return None

    def _seed_fails(self, seed: int) -> str | None:
        self.clock.now = Clock().now
        try:
            run_seed(seed, self.database.unwatched, self.witness, self.clock, self.folder / "world")
        except Exception as error:  # noqa: BLE001
            return type(error).__name__
        return None

    def _advance(self, seconds: float) -> None:
        self.clock.now += seconds


_MOVES: Final = settings(
    max_examples=EXAMPLES,
    stateful_step_count=50,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)


def _machine_on(shed: Shed) -> type[Moves]:
    class Machine(Moves):
        def __init__(self) -> None:
            super().__init__()
            self.shed = shed
            shed.begin()

    return Machine


@contextmanager
def hunter_in(folder: Path) -> Iterator[Hunter]:
    """Hunt in `folder`."""
    path = folder / "hunt.db"
    upgrade(f"sqlite:///{path}")
    clock = Clock()
    with sqlite_database(path, clock) as (database, witness):
        yield Hunter(WatchedDatabase(database, witness, clock), witness, clock, folder)
