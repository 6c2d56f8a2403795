"""The whole platform in simulation. CI runs some seeds; `make sim SEEDS=2000` runs many, `make sim SEED=n` one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sim.seeds import run_seeds


@pytest.mark.parametrize("first", range(0, 60, 20))
def test_no_fault_at_any_moment_breaks_a_promise(first: int, tmp_path: Path) -> None:
    broken = [(run.seed, run.violation) for run in run_seeds(range(first, first + 20), tmp_path) if run.violation]
    assert not broken, f"replay with: make sim SEED={broken[0][0]}"


def test_the_same_seed_gives_the_same_run(tmp_path: Path) -> None:
    once, again = run_seeds([7, 7], tmp_path)
    assert once.history
    assert once.history == again.history
