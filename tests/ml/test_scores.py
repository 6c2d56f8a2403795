"""Metrics, against numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from ml.evaluation.scores import ClassScore, cross_entropy, majority_baseline, score

LABELS = np.array([0, 0, 0, 1])
LOGITS = np.array([[5, 0, 0], [5, 0, 0], [0, 5, 0], [0, 5, 0]], np.float32)


def test_scores_agree_with_a_hand_worked_example():
    scores = score(LABELS, LOGITS, class_names=("a", "b", "c"))
    assert scores.confusion == ((2, 1, 0), (0, 1, 0), (0, 0, 0))
    assert scores.metrics["accuracy"] == 0.75
    assert scores.per_class[1] == ClassScore("b", 1, 0.5, 1.0, pytest.approx(2 / 3))
    assert scores.metrics["precision_macro"] == pytest.approx((1 + 0.5 + 0) / 3)
    assert scores.metrics["f1_macro"] == pytest.approx((0.8 + 2 / 3 + 0) / 3)
    assert scores.metrics["f1_weighted"] == pytest.approx(0.75 * 0.8 + 0.25 * 2 / 3)


def test_a_class_that_is_neither_there_nor_predicted_scores_zero_and_not_nan():
    assert score(LABELS, LOGITS, class_names=("a", "b", "c")).per_class[2] == ClassScore("c", 0, 0.0, 0.0, 0.0)


def test_cross_entropy_is_exact_and_stays_finite_for_huge_logits():
    even = np.zeros((2, 4), np.float32)
    assert cross_entropy(np.array([0, 3]), even) == pytest.approx(np.log(4))
    assert cross_entropy(np.array([1]), np.array([[1e30, 0]], np.float32)) == pytest.approx(1e30)


def test_the_baseline_answers_with_the_most_frequent_class_of_training():
    baseline = majority_baseline(LABELS, train_class_counts=(1, 9, 2), class_names=("a", "b", "c"))
    assert (baseline.class_name, baseline.accuracy) == ("b", 0.25)
