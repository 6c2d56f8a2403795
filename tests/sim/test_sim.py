"""The whole platform in simulation. CI runs some seeds; `make sim SEEDS=2000` runs many, `make sim SEED=n` one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sim.seeds import run_seeds
from trainshed.states import TRANSITIONS


@pytest.mark.parametrize("first", range(0, 60, 20))
def test_no_fault_at_any_moment_breaks_a_promise(first: int, tmp_path: Path) -> None:
    broken = [(run.seed, run.violation) for run in run_seeds(range(first, first + 20), tmp_path) if run.violation]
    assert not broken, f"replay with: make sim SEED={broken[0][0]}"


def test_the_same_seed_gives_the_same_run(tmp_path: Path) -> None:
    once, again = run_seeds([7, 7], tmp_path)
    assert once.history
    assert once.history == again.history


def test_twenty_worlds_see_every_move_and_trainings_that_go_on(tmp_path: Path) -> None:
    runs = list(run_seeds(range(60, 80), tmp_path))
    assert {move.name for move in TRANSITIONS} <= set().union(*(run.met for run in runs))
    assert sum(run.went_on for run in runs)
