"""The objective of detectors: peaks, losses and scores of maps that are made by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import tensorflow as tf

from ml.training.center_points import PRIOR, SIZE_UNIT, CenterPoints

OBJECTIVE = CenterPoints(n_classes=2, height=8, width=12, stride=4)
NO_BOX = [-1, 0, 0, 0, 0]
BOX = [1, 8, 4, 24, 20]
"""Class 1, its middle at x 16, y 12: the cell of row 3, column 4."""


def maps(logit: float = -20.0) -> np.ndarray:
    """Return the maps of one picture on which nothing is."""
    return np.full((1, 8, 12, 6), 0, np.float32) + np.array([logit, logit, 0, 0, 0, 0], np.float32)


def perfect() -> np.ndarray:
    """Return the maps that say exactly BOX, around its middle too."""
    said = maps()
    said[0, 3, 4, 1] = 20.0
    for row in (2, 3, 4):
        for column in (3, 4, 5):
            said[0, row, column, 2:4] = 4 - (column + 0.5), 3 - (row + 0.5)
            said[0, row, column, 4:] = np.log([4 / SIZE_UNIT, 4 / SIZE_UNIT])
    return said


def loss(targets: list[list[float]], said: np.ndarray) -> float:
    return float(OBJECTIVE.losses(tf.constant([targets], tf.float32), tf.constant(said))[0])


def score(targets: list[list[float]], said: np.ndarray) -> float:
    return float(OBJECTIVE.sum_scores(tf.constant([targets], tf.float32), tf.constant(said)))


def test_maps_that_say_the_truth_cost_nothing_and_score_1():
    assert loss([BOX, NO_BOX], perfect()) == pytest.approx(0, abs=1e-4)
    assert score([BOX, NO_BOX], perfect()) == 1


def test_places_without_a_box_change_nothing():
    said = perfect() + 0.1
    assert loss([BOX], said) == pytest.approx(loss([BOX, NO_BOX, NO_BOX], said))
    assert score([BOX], said) == score([NO_BOX, BOX], said)


@pytest.mark.parametrize(
    ("change", "costs"),
    [((3, 4, 1, -20.0), 20.0), ((3, 4, 2, 1.0), 1.5 / 9), ((7, 11, 0, 20.0), 20.0), ((3, 4, 0, 0.0), math.log(2) / 4)],
    ids=["a middle that is not seen", "a middle one and a half cells off", "a thing where none is", "half a class"],
)
def test_each_mistake_costs_what_the_paper_says(change, costs):
    row, column, channel, value = change
    said = perfect()
    said[0, row, column, channel] = value
    assert loss([BOX], said) == pytest.approx(costs, rel=1e-3)


def test_a_cell_beside_a_middle_costs_less_than_one_far_from_it():
    beside, far = perfect(), perfect()
    beside[0, 3, 5, 1] = far[0, 3, 9, 1] = 1.0
    assert loss([BOX], beside) < loss([BOX], far)


def test_where_two_of_a_class_meet_both_middles_stay_peaks():
    close = [1, 12, 4, 28, 20]
    said = perfect()
    assert loss([BOX, close], said) > 9  # half of the twenty that the second middle costs
    said[0, 3, 5, 1] = 20.0
    assert loss([BOX, close], said) < 1


def test_a_box_of_the_wrong_class_or_place_is_not_found():
    for row, column, channel, value in ((3, 4, 0, 30.0), (3, 4, 2, 4.0)):
        said = perfect()
        said[0, row, column, channel] = value
        assert score([BOX], said) == 0


def test_a_picture_without_things_scores_where_nothing_is_said():
    assert score([NO_BOX], maps(-1.0)) == 1
    assert score([NO_BOX], maps(1.0)) == 0
    assert loss([NO_BOX], maps()) == pytest.approx(0, abs=1e-4)


def test_guessing_is_about_the_loss_of_a_network_that_has_learned_nothing():
    said = maps(math.log(PRIOR / (1 - PRIOR)))
    assert OBJECTIVE.guessing == pytest.approx(loss([BOX], said), rel=0.5)


def test_a_gradient_reaches_all_that_is_said_of_a_box():
    said = tf.Variable(np.full((1, 8, 12, 6), -0.3, np.float32))
    with tf.GradientTape() as tape:
        value = OBJECTIVE.losses(tf.constant([[BOX]], tf.float32), said)
    slope = tape.gradient(value, said).numpy()[0]
    assert np.all(slope[3, 4] != 0)
    assert np.isfinite(slope).all()
