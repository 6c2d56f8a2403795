"""Metrics, against numbers worked out by hand."""

from __future__ import annotations

from types import SimpleNamespace
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from ml.evaluation.calibration import calibration, calibration_error
from ml.evaluation.confused import confused_pairs, most_confused
from ml.evaluation.confusion_picture import confusion_svg
from ml.evaluation.intervals import intervals
from ml.evaluation.logistic import LogisticBaseline, logistic_baseline
from ml.evaluation.pictures import visible
from ml.evaluation.scores import ClassScore, losses, majority_baseline, score

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
    assert losses(np.array([0, 3]), even).tolist() == pytest.approx([np.log(4)] * 2)
    assert losses(np.array([1]), np.array([[1e30, 0]], np.float32)).tolist() == pytest.approx([1e30])


def test_the_baseline_answers_with_the_most_frequent_class_of_training():
    baseline = majority_baseline(LABELS, train_class_counts=(1, 9, 2), class_names=("a", "b", "c"))
    assert (baseline.class_name, baseline.accuracy) == ("b", 0.25)


def test_top_k_counts_a_label_among_the_likeliest_and_ties_against_the_model():
    logits = np.array([[5, 4, 3, 2], [5, 4, 3, 2], [1, 1, 1, 1]], np.float32)
    scores = score(np.array([2, 3, 0]), logits, class_names=("a", "b", "c", "d"))
    assert scores.metrics["top_3_accuracy"] == pytest.approx(1 / 3)
    assert "top_5_accuracy" not in scores.metrics


def test_roc_auc_is_the_chance_to_rank_a_pair_right_over_classes_that_are_there():
    scores = score(LABELS, LOGITS, class_names=("a", "b", "c"))
    # a: pairs (0, 3), (1, 3) right, (2, 3) tied. b: (3, 0), (3, 1) right, (3, 2) tied. c has no examples.
    assert scores.metrics["roc_auc_macro"] == pytest.approx(2.5 / 3)
    assert "roc_auc_macro" not in score(np.zeros(4, int), LOGITS, class_names=("a", "b", "c")).metrics


def test_calibration_error_is_the_distance_of_confidence_from_accuracy():
    sure = np.tile([0.9, 0.1], (10, 1))
    labels = np.array([0] * 7 + [1] * 3)
    bins = calibration(labels, sure)
    assert calibration_error(bins) == pytest.approx(0.2)
    full = [found for found in bins if found.count]
    assert [(found.count, found.accuracy) for found in full] == [(10, 0.7)]
    assert full[0].low < 0.9 <= full[0].high


def test_an_interval_of_accuracy_agrees_with_the_binomial_and_narrows_with_examples():
    def width(scale: int) -> float:
        confusion = np.array([[40, 10], [10, 40]]) * scale
        losses = np.repeat([0.1, 1.0], [80 * scale, 20 * scale])
        found = intervals(confusion, losses)
        assert found["loss"].low < losses.mean() < found["loss"].high
        assert found["accuracy"].low < 0.8 < found["accuracy"].high
        return found["accuracy"].high - found["accuracy"].low

    assert width(1) == pytest.approx(2 * 1.96 * (0.8 * 0.2 / 100) ** 0.5, rel=0.1)
    assert width(100) == pytest.approx(width(1) / 10, rel=0.15)


def test_the_surest_wrong_answers_come_first():
    chances = np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6], [0.99, 0.01]])
    found = most_confused(np.arange(10, 14), np.array([1, 1, 0, 0]), chances, class_names=("a", "b"), most=5)
    assert [(one.row, one.true, one.predicted) for one in found] == [(10, "b", "a"), (12, "a", "b")]


def test_pairs_of_classes_are_counted_by_who_is_taken_for_whom():
    confusion = np.array([[8, 2, 0], [5, 5, 0], [0, 0, 0]])
    pairs = confused_pairs(confusion, class_names=("a", "b", "c"))
    assert [(pair.true, pair.predicted, pair.count, pair.share) for pair in pairs] == [
        ("b", "a", 5, 0.5),
        ("a", "b", 2, 0.2),
    ]


def test_names_of_classes_cannot_break_out_of_the_picture():
    picture = confusion_svg(((1, 0), (0, 1)), ("<script>alert(1)</script>", "&"))
    assert "<script>" not in picture
    ET.fromstring(picture)


def test_pixels_are_shown_as_they_are_or_spread_over_the_range_of_a_byte():
    photo = np.array([[[[0]], [[255]]]], np.uint8)
    np.testing.assert_array_equal(visible(photo), photo)
    assert visible(np.array([[[[0.0]], [[16.0]]]], np.float32)).ravel().tolist() == [0, 255]
    assert visible(np.zeros((1, 2, 2, 7), np.uint8)).shape == (1, 2, 2, 1)


def test_logistic_regression_sees_means_of_blocks_of_large_images():
    random = np.random.Generator(np.random.PCG64(0))
    labels = np.arange(40) % 2
    images = (random.integers(0, 50, (40, 70, 70, 3)) + labels[:, None, None, None] * 100).astype(np.uint8)
    dataset = SimpleNamespace(images=images, labels=labels, image_shape=(70, 70, 3))
    found = logistic_baseline(dataset, train_rows=np.arange(20), rows=np.arange(20, 40))
    assert found is not None
    assert found.right.shape == (20,)
    assert found.baseline == LogisticBaseline(accuracy=1.0, trained_on=20, features=10 * 10 * 3)
    assert logistic_baseline(dataset, train_rows=np.array([0, 2]), rows=np.arange(5)) is None
