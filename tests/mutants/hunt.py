"""Looks whether a test notices that a guard is gone.

First the moves of `tests.stateful`, then tests that lay out the one situation that matters, and last simulated worlds.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import pytest
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
DIRECTED: Final = (
    *("tests/db/test_moves.py", "tests/db/test_move_guards.py", "tests/db/test_report_guards.py"),
    *("tests/db/test_checkpoints.py", "tests/db/test_block_guards.py"),
    *("tests/reconciler/test_duties.py", "tests/reconciler/test_reap.py"),
    *("tests/worker/test_checkpoints.py", "tests/worker/test_logs.py", "tests/db/test_engine.py"),
)


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
            test = directed_test_that_fails(self.folder)
            if test is not None:
                return f"`{test}`"
            for seed in range(SEEDS):
                why = self._seed_fails(seed)
                if why is not None:
                    return f"seed {seed} ({why})"
        return None

    def moves_fail(self, *, examples: int = EXAMPLES) -> str | None:
        """Return why the moves fail, always the same ones."""
        try:
            run_state_machine_as_test(self._machine(), settings=settings(_MOVES, max_examples=examples))
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

    def _machine(self) -> type[Moves]:
        clock = self.clock
        on_this = Shed(self.database, self._advance, lambda: clock.now)

        class Machine(Moves):
            def __init__(self) -> None:
                super().__init__()
                self.shed = on_this
                clock.now = Clock().now  # the same moves at the same times, when an example is tried again
                on_this.begin()

        return Machine

    def _advance(self, seconds: float) -> None:
        # A little more, so that no span of time is exactly as long as a limit: the database rounds.
        self.clock.now += seconds + 0.001


_MOVES: Final = settings(
    stateful_step_count=50,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)


@contextmanager
def hunter_in(folder: Path) -> Iterator[Hunter]:
    """Hunt in `folder`."""
    path = folder / "hunt.db"
    upgrade(f"sqlite:///{path}")
    clock = Clock()
    with sqlite_database(path, clock) as (database, witness):
        yield Hunter(WatchedDatabase(database, witness, clock), witness, clock, folder)


class _First:
    """Hears from pytest which test failed first."""

    failed: str | None = None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and self.failed is None:
            self.failed = report.nodeid


def directed_test_that_fails(folder: Path) -> str | None:
    """Run the directed tests on SQLite, in this process, and return the first one that fails."""
    heard = _First()
    # The plugin of hypothesis does not like to come after hypothesis has been used, and none of these needs it.
    plugins = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest")
    options = ("-q", "-x", "-k", "sqlite", *plugins, "-W", "ignore::pytest.PytestAssertRewriteWarning")
    own = f"--basetemp={folder / 'directed'}"  # others clean up the common one while these run
    code = pytest.main([*DIRECTED, *options, own], plugins=[heard])
    assert code == (pytest.ExitCode.OK if heard.failed is None else pytest.ExitCode.TESTS_FAILED), f"pytest: {code!r}"
    return heard.failed
