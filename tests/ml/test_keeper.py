"""When a training writes its state."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ml.report import MemoryReport
from ml.resume.file import read_state
from ml.resume.keeper import Keeper
from ml.resume.state import Position, TrainingState
from trainshed.errors import InvalidSpec
from trainshed.specs import Checkpoint, parse_spec

BEGINNING = Position(0, 0, 0)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def report() -> MemoryReport:
    return MemoryReport()


def keeper(
    tmp_path: Path, report: MemoryReport, clock: Clock, *, began: Position = BEGINNING, **policy: float
) -> Keeper:
    return Keeper(tmp_path / "checkpoints", Checkpoint.model_validate(policy), report, began=began, clock=clock)


def position(step: int) -> Position:
    """Of a training with ten steps an epoch."""
    return Position(step, step // 10, step % 10)


def saved_steps(kept: Keeper, clock: Clock, steps: range, *, step_s: float = 1.0, cost_s: float = 0.0) -> list[int]:
    saved = []

    def make(step: int) -> TrainingState:
        clock.now += cost_s
        saved.append(step)
        return TrainingState(position(step), {"x": np.zeros(1)}, {}, {})

    for step in steps:
        clock.now += step_s
        if kept.is_due(position(step)):
            kept.save(lambda step=step: make(step))
    return saved


def test_every_so_many_steps(tmp_path: Path, report: MemoryReport, clock: Clock) -> None:
    assert saved_steps(keeper(tmp_path, report, clock, every_steps=7), clock, range(1, 30)) == [7, 14, 21, 28]


def test_one_that_would_land_between_two_stops_waits_for_the_next_one(
    tmp_path: Path, report: MemoryReport, clock: Clock
) -> None:
    assert saved_steps(keeper(tmp_path, report, clock, every_steps=7), clock, range(4, 30, 4)) == [8, 16, 24, 28]


def test_every_so_many_seconds(tmp_path: Path, report: MemoryReport, clock: Clock) -> None:
    assert saved_steps(keeper(tmp_path, report, clock, every_seconds=2.5), clock, range(1, 10)) == [3, 6, 9]


def test_every_so_many_epochs(tmp_path: Path, report: MemoryReport, clock: Clock) -> None:
    assert saved_steps(keeper(tmp_path, report, clock, every_epochs=2), clock, range(1, 65)) == [20, 40, 60]


def test_a_training_that_goes_on_counts_from_where_it_was(tmp_path: Path, report: MemoryReport, clock: Clock) -> None:
    kept = keeper(tmp_path, report, clock, began=position(14), every_steps=7)
    assert saved_steps(kept, clock, range(15, 30)) == [21, 28]


@pytest.mark.parametrize("cost_s", [0.01, 0.5, 5.0])
def test_by_default_it_costs_less_than_two_percent(
    tmp_path: Path, report: MemoryReport, clock: Clock, cost_s: float
) -> None:
    began = clock.now
    saved = saved_steps(keeper(tmp_path, report, clock), clock, range(1, 10_000), step_s=0.125, cost_s=cost_s)
    assert saved[0] == 80
    rest = clock.now - began - 10 - cost_s
    assert (len(saved) - 1) * cost_s <= 0.02 * rest
    assert len(saved) >= min(60, 0.01 * rest / cost_s)


def test_each_is_reported_and_the_last_two_stay_on_the_disk(tmp_path: Path, report: MemoryReport, clock: Clock) -> None:
    saved_steps(keeper(tmp_path, report, clock, every_steps=2), clock, range(1, 10))
    assert [step for step, _ in report.states] == [2, 4, 6, 8]
    assert sorted(path.name for path in (tmp_path / "checkpoints").iterdir()) == [
        "step-000000000006.state",
        "step-000000000008.state",
    ]
    assert read_state(report.states[-1][1]).position == position(8)


def test_a_spec_says_it_in_one_way_alone() -> None:
    document = {
        "kind": "train",
        "name": "x",
        "data": {"dataset": "builtin/digits"},
        "model": {"family": "image_classifier"},
        "checkpoint": {"every_steps": 5, "every_epochs": 1},
    }
    with pytest.raises(InvalidSpec, match="every_steps, every_epochs"):
        parse_spec(document)
