"""Errors of predicted quantities, their intervals, and what is said beside baselines."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

from ml.errors import InvalidData
from ml.evaluation.quantities import beside, intervals_of, metrics_of, quantity_verdict
from ml.tables import load_quantities
from tests.ml.families.cases import write_rows
from trainshed.specs import Columns, Data

RANDOM = np.random.Generator(np.random.PCG64(3))
TRUTH = RANDOM.normal(1e6, 10, 400)
NOISE = RANDOM.normal(0, 1, 400)
EACH = np.arange(400)


def test_metrics_are_those_of_scikit_learn():
    predicted = TRUTH + 3 * NOISE
    assert metrics_of(TRUTH, predicted) == pytest.approx(
        {
            "rmse": root_mean_squared_error(TRUTH, predicted),
            "mae": mean_absolute_error(TRUTH, predicted),
            "r2": r2_score(TRUTH, predicted),
        }
    )


def test_an_interval_holds_the_true_error_and_narrows_with_more_examples():
    wide = intervals_of(TRUTH[:40], (TRUTH + NOISE)[:40], EACH[:40])["rmse"]
    narrow = intervals_of(TRUTH, TRUTH + NOISE, EACH)["rmse"]
    assert wide.low < narrow.low < 1 < narrow.high < wide.high


def test_examples_that_are_drawn_together_tell_less():
    same = np.repeat(NOISE[:20], 20)
    alone, together = (intervals_of(TRUTH, TRUTH + same, blocks)["rmse"] for blocks in (EACH, EACH // 20))
    assert together.high - together.low > 2 * (alone.high - alone.low)


def test_a_model_with_the_errors_of_its_baseline_is_no_better():
    (one,) = beside(TRUTH, TRUTH + NOISE, {"chance": TRUTH - np.roll(NOISE, 1)}, EACH)
    assert one.rmse_ratio == pytest.approx(1)
    assert quantity_verdict((one,)).startswith("No better than chance: RMSE ratio 1.00 [")


def test_a_difference_counts_when_it_is_the_same_in_all_draws():
    near = beside(TRUTH, TRUTH + NOISE, {"far": TRUTH + 1.05 * NOISE, "near": TRUTH + 0.9 * NOISE}, EACH)
    assert quantity_verdict(near).startswith("Better than far: RMSE ratio 0.95 [0.95, 0.95]. Worse than near:")


def test_two_that_make_no_error_are_equal():
    (one,) = beside(TRUTH, TRUTH, {"oracle": TRUTH}, EACH)
    assert one.rmse_ratio == 1
    assert quantity_verdict((one,)).startswith("No better")


def test_a_column_that_follows_the_quantity_closely_is_no_leak(tmp_path):
    rows = [[str(at + at % 2 / 10), str(at)] for at in range(50)]
    path = write_rows(tmp_path, rows, "near,price")
    assert load_quantities(Data(path=str(path)), roots=(tmp_path,), files={}).label == "price"
    exact = write_rows(tmp_path, [[str(-3 * at + 7), str(at)] for at in range(50)], "near,price")
    with pytest.raises(InvalidData, match="tells price exactly"):
        load_quantities(Data(path=str(exact)), roots=(tmp_path,), files={})


def test_a_table_of_classes_is_named_with_those_of_quantities():
    with pytest.raises(InvalidData, match="There is no table 'builtin/breast-cancer'") as raised:
        load_quantities(Data(dataset="builtin/breast-cancer", columns=Columns()), roots=(), files={})
    assert "builtin/diabetes" in raised.value.remedy
