"""The class that must not be missed: where the threshold lies, and what is measured at it."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, precision_score, recall_score, roc_auc_score, roc_curve

from ml.errors import InvalidData
from ml.evaluation.curves import at_thresholds, precision_recall_svg, roc_svg
from ml.evaluation.risk import measure_risk, threshold_for
from ml.evaluation.verdict import compared, verdict
from ml.report import MemoryReport
from ml.run import run
from tests.ml.families.cases import CASES, rows_of, write_rows
from trainshed.specs import parse_spec

RANDOM = np.random.Generator(np.random.PCG64(2))
IS_POSITIVE = RANDOM.random(400) < 0.3
CHANCES = np.clip(0.35 * IS_POSITIVE + RANDOM.random(400) * 0.6, 0, 1)


@pytest.mark.parametrize("recall", [0.5, 0.9, 0.97, 1.0])
def test_the_threshold_is_the_highest_that_reaches_the_recall(recall):
    at = threshold_for(recall, is_positive=IS_POSITIVE, chances=CHANCES)
    assert recall_score(IS_POSITIVE, at <= CHANCES) >= recall
    higher = np.min(CHANCES[IS_POSITIVE & (at <= CHANCES)]) + 1e-12
    assert recall_score(IS_POSITIVE, higher <= CHANCES) < recall


def test_no_example_lies_on_the_threshold():
    at = threshold_for(0.9, is_positive=IS_POSITIVE, chances=CHANCES)
    assert np.abs(CHANCES - at).min() > 0


def test_a_class_that_is_always_surest_gets_a_threshold_below_it():
    ones = np.ones(3, np.bool_)
    assert threshold_for(1.0, is_positive=ones, chances=np.array([0.9, 0.8, 0.6])) == pytest.approx(0.3)


def test_risk_is_measured_as_scikit_learn_does():
    risk = measure_risk(positive="ill", threshold=0.5, asked_recall=0.9, is_positive=IS_POSITIVE, chances=CHANCES)
    said = CHANCES >= 0.5
    assert risk.metrics["recall"] == pytest.approx(recall_score(IS_POSITIVE, said))
    assert risk.metrics["precision"] == pytest.approx(precision_score(IS_POSITIVE, said))
    assert risk.metrics["specificity"] == pytest.approx(recall_score(~IS_POSITIVE, ~said))
    assert risk.metrics["roc_auc"] == pytest.approx(roc_auc_score(IS_POSITIVE, CHANCES))
    assert risk.metrics["brier"] == pytest.approx(brier_score_loss(IS_POSITIVE, CHANCES))
    for name in ("recall", "precision", "specificity", "brier"):
        assert risk.intervals[name].low < risk.metrics[name] < risk.intervals[name].high
    assert sum(found.count for found in risk.reliability) == 400
    assert sum(found.count * found.accuracy for found in risk.reliability if found.count) == pytest.approx(
        np.count_nonzero(IS_POSITIVE)
    )


def test_with_one_class_there_is_nothing_that_needs_two():
    risk = measure_risk(
        positive="ill", threshold=0.5, asked_recall=None, is_positive=np.zeros(5, np.bool_), chances=np.full(5, 0.2)
    )
    assert risk.metrics == {"brier": pytest.approx(0.04), "specificity": 1.0}


@pytest.mark.parametrize(
    ("gained", "lost", "says"),
    [(20, 2, "Better than chance:"), (6, 5, "No better than chance:"), (2, 20, "Worse than chance:")],
)
def test_the_verdict_counts_a_difference_beyond_its_interval(gained, lost, says):
    right, theirs = np.ones(200, np.bool_), np.ones(200, np.bool_)
    right[:lost], theirs[lost : lost + gained] = False, False
    (one,) = compared(right, {"chance": theirs})
    assert one.difference == pytest.approx(right.mean() - theirs.mean())
    # McNemar: the variance of the difference is that of the examples on which the two differ.
    deviation = np.sqrt(gained + lost - (gained - lost) ** 2 / 200) / 200
    assert one.interval.high - one.interval.low == pytest.approx(2 * 1.96 * deviation, rel=0.15)
    low, high = (f"{value:+.3f}" for value in (one.interval.low, one.interval.high))
    assert verdict(right.mean(), (one,)) == (
        f"{says} accuracy {right.mean():.3f} beside {theirs.mean():.3f}, difference {one.difference:+.3f}"
        f" [{low}, {high}]."
    )
    assert one.is_won == says.startswith("Better")


@pytest.mark.parametrize(
    ("model", "share", "says"),
    [
        ({"positive": "sick"}, 0.2, "model.positive is 'sick', and label has the classes ill, well"),
        ({"positive": "ill", "recall": 0.9}, 0.0, "validation part, which has no row of ill"),
    ],
)
def test_a_class_that_cannot_be_looked_for_is_refused(tmp_path, settings, model, share, says):
    (case,) = [one for one in CASES if one.family == "tabular_classifier"]
    document = case.spec(write_rows(tmp_path, rows_of()))
    document["model"] = {"family": "tabular_classifier", **model}
    document["data"]["split"]["validation"] = share
    with pytest.raises(InvalidData, match=says):
        run(parse_spec(document), tmp_path, MemoryReport(), settings=settings)


def test_the_curve_is_that_of_scikit_learn_with_equal_probabilities_said_together():
    chances = np.round(CHANCES, 1)
    points = at_thresholds(IS_POSITIVE, chances)
    false_alarms, recalls, thresholds = roc_curve(IS_POSITIVE, chances, drop_intermediate=False)
    assert [one.threshold for one in points] == pytest.approx(thresholds[1:])
    assert [one.recall for one in points] == pytest.approx(recalls[1:])
    assert [one.false_positive_rate for one in points] == pytest.approx(false_alarms[1:])
    said = [precision_score(IS_POSITIVE, chances >= one.threshold) for one in points]
    assert [one.precision for one in points] == pytest.approx(said)


def test_a_long_curve_is_thinned_from_end_to_end():
    points = at_thresholds(IS_POSITIVE, CHANCES)
    assert len(points) == 101
    assert (points[0].threshold, points[-1].recall) == (CHANCES.max(), 1.0)


def test_there_is_no_curve_of_one_class():
    assert at_thresholds(np.ones(3, np.bool_), np.array([0.1, 0.2, 0.3])) == ()


def test_the_dot_is_at_the_threshold_of_the_model():
    points = at_thresholds(np.array([True, False, True, False]), np.array([0.9, 0.8, 0.4, 0.1]))
    assert '<circle class="dot" cx="284.0" cy="90.0"' in precision_recall_svg(points, threshold=0.3)
    assert '<circle class="dot" cx="164.0" cy="10.0"' in roc_svg(points, threshold=0.3)
