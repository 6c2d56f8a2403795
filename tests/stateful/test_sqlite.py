"""A thousand lives of a shed on SQLite, fifty moves each."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.sim.virtual import Clock, sqlite_database
from tests.sim.watched import WatchedDatabase
from tests.stateful.moves import Moves
from tests.stateful.shed import Shed
from trainshed.states import TRANSITIONS


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shed(sqlite_template: Path, tmp_path: Path, clock: Clock) -> Iterator[Shed]:
    """One database for all examples: each begins by wiping it."""

    def advance(seconds: float) -> None:
        # A little more, so that no span of time is exactly as long as a limit: the database rounds.
        clock.now += seconds + 0.001

    path = tmp_path / "trainshed.db"
    shutil.copy(sqlite_template, path)
    with sqlite_database(path, clock) as (database, witness):
        yield Shed(WatchedDatabase(database, witness, clock), advance, lambda: clock.now)


@pytest.mark.timeout(600)
def test_a_thousand_times_fifty_moves_in_any_order_break_no_promise(shed: Shed, clock: Clock) -> None:
    class Machine(Moves):
        def __init__(self) -> None:
            super().__init__()
            self.shed = shed
            clock.now = Clock().now  # the same moves at the same times, when an example is tried again
            shed.begin()

    run_state_machine_as_test(Machine, settings=settings(max_examples=1_000, stateful_step_count=50))
    forgotten = {move.name for move in TRANSITIONS} - shed.database.judge.met
    assert not forgotten, f"no rule ever made the moves {forgotten}: add one to tests/stateful"
