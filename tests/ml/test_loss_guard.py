"""A loss that leaves its range for three reports ends the training; a spike does not."""

from __future__ import annotations

import numpy as np
import pytest

from ml.errors import Diverged
from ml.report import MemoryReport
from ml.resume.state import Position
from ml.training.loss_guard import LossGuard
from tests.ml import tiny


def test_three_reports_in_a_row_far_above_the_first_end_the_training() -> None:
    guard = LossGuard(10.0)
    for step, loss in enumerate((2.0, 21.0, 22.0), start=1):
        guard.take(step, loss)
    with pytest.raises(Diverged, match=r"23 at step 4, and was above 10 times the 2 it began with for 3") as raised:
        guard.take(4, 23.0)

    assert "learning_rate" in raised.value.remedy
    assert raised.value.facts == {"step": 4}


def test_a_spike_and_a_loss_at_the_limit_are_let_pass() -> None:
    guard = LossGuard(10.0)
    for step, loss in enumerate((2.0, 21.0, 22.0, 3.0, 21.0, 22.0, 20.0, 30.0, 30.0), start=1):
        guard.take(step, loss)


def test_a_guard_that_was_taken_away_minds_nothing() -> None:
    guard = LossGuard(None)
    for step in range(10):
        guard.take(step, 10.0**step)


def test_a_learning_rate_beyond_measure_ends_a_training() -> None:
    recipe = tiny.recipe(optimizer="sgd", learning_rate=10.0, epochs=20, report_every_steps=1)
    learner = tiny.learner(recipe)
    with pytest.raises(Diverged):
        list(tiny.fit(recipe, learner, MemoryReport()))


def test_a_state_with_a_loss_that_is_no_number_is_not_kept() -> None:
    recipe = tiny.recipe(report_every_steps=1000)
    learner = tiny.learner(recipe)
    fit = tiny.fit(recipe, learner, MemoryReport())

    def spoil(position: Position) -> None:
        if position.step >= 2:
            fit.arrays()
        variable = learner.network.trainable_variables[0]
        variable.assign(np.full(variable.shape, np.nan))

    fit.between = spoil
    with pytest.raises(Diverged, match="The loss is nan at step"):
        list(fit)
