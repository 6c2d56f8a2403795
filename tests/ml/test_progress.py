"""Progress and running means, with a clock in the test's hand."""

from __future__ import annotations

import numpy as np
import pytest

from ml.errors import Diverged
from ml.report import MemoryReport
from ml.training.order import batches, epoch_order
from ml.training.progress import ProgressMeter
from ml.training.tally import Mean, Tally


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_progress_is_told_four_times_a_second_at_most_and_always_at_the_end():
    clock, report = Clock(), MemoryReport()
    meter = ProgressMeter(report, epochs=2, steps_per_epoch=50, clock=clock)
    for step in range(1, 101):
        clock.now += 0.01
        meter.at(step)
    assert [progress.step for progress in report.progressed] == [25, 50, 75, 100]
    assert [progress.epoch for progress in report.progressed] == [1, 1, 2, 2]


def test_the_time_left_follows_the_pace_so_far():
    clock, report = Clock(), MemoryReport()
    meter = ProgressMeter(report, epochs=1, steps_per_epoch=8, clock=clock)
    clock.now += 6
    meter.at(2)
    assert report.progressed[0].eta_s == pytest.approx(18)
    assert report.progressed[0].fraction == 0.25


def test_an_attempt_that_goes_on_behind_the_last_step_has_no_pace_yet():
    report = MemoryReport()
    meter = ProgressMeter(report, epochs=1, steps_per_epoch=8, clock=Clock())
    meter.go_on_from(8)
    meter.at(8)
    assert report.progressed[0].eta_s is None
    assert report.progressed[0].fraction == 1.0


def test_a_tally_averages_over_examples_and_not_over_steps():
    tally = Tally()
    tally.add(1, np.array([[5.0, 1.0], [3.0, 3.0]], np.float32), 8)
    tally.add(3, np.array([[4.0, 2.0]], np.float32), 2)
    assert tally.read() == Mean(loss=1.2, score=0.6)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_tally_names_the_first_step_without_a_finite_loss(bad):
    tally = Tally()
    tally.add(10, np.array([[1.0, 0], [1.0, 0], [bad, 0], [np.nan, 0]], np.float32), 4)
    with pytest.raises(Diverged, match="at step 12") as caught:
        tally.read()
    assert caught.value.facts == {"step": 12}


def test_the_order_of_an_epoch_is_pinned_and_differs_by_seed_and_epoch():
    assert epoch_order(5, seed=0, epoch=1).tolist() == [1, 4, 3, 0, 2]
    orders = {tuple(epoch_order(20, seed=seed, epoch=epoch)) for seed in (0, 1) for epoch in (1, 2)}
    assert len(orders) == 4


def test_batches_cover_all_rows_once():
    assert [rows.tolist() for rows in batches(np.arange(5), 2)] == [[0, 1], [2, 3], [4]]
