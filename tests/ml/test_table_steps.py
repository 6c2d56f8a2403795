"""Steps of tables: what each makes of rows, and that it is fitted on the train part and lies on the card as it is."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter

from ml.errors import InvalidData
from ml.steps.draws import Draws
from ml.tables import Categories, Numbers
from ml.tables.augmentation import AUGMENTATIONS, RowAugmentation
from ml.tables.encoding import spans
from ml.tables.frame import Frame, categories_of
from ml.tables.preparation import Preparation, applied, encoder, fit_preparation, fit_steps
from ml.tables.steps import FITS, AnyFitted
from trainshed.specs import OF_IMAGES, OF_TABLES, OF_TEXTS, STEP_CLASSES, Step
from trainshed.specs.preprocess import name_of

BY_NAME = {name_of(cls): cls for cls in STEP_CLASSES}
TRAIN = np.arange(8)


def make(**document: Any) -> Step:
    return BY_NAME[document["step"]].model_validate_json(json.dumps(document))


def numbers(name: str, *values: float | None) -> Numbers:
    return Numbers(name, np.array([np.nan if value is None else value for value in values], np.float64))


def texts(name: str, *values: str | None) -> Categories:
    names = sorted({value for value in values if value is not None})
    codes = np.array([-1 if value is None else names.index(value) for value in values], np.int64)
    return categories_of(name, codes, names)


def frame(*columns: Numbers | Categories) -> Frame:
    return Frame("t", columns, len(columns[0]))


SMALL = frame(
    numbers("a", 1, 2, 3, 4, 5, 6, 7, 100, 1000, None),
    numbers("b", 0, None, 2, 3, None, 5, 6, 7, 8, -9),
    texts("c", "x", "y", "x", "z", None, "x", "y", "x", "new", None),
    texts("d", *(f"2024-{month:02}-0{month}" for month in range(1, 10)), "soon"),
)


def after(*steps: Step, on: Frame = SMALL, train: np.ndarray = TRAIN) -> Frame:
    """Fit on the rows `train`, and apply to all."""
    return applied(fit_steps(on, train, steps).steps, on)


def values(made: Frame, name: str) -> list[float | None]:
    return [None if np.isnan(one) else round(float(one), 6) for one in made.numbers(name).values]


def names(made: Frame, name: str) -> list[str | None]:
    column = made.categories(name)
    return [None if code < 0 else column.names[code] for code in column.codes]


def test_each_step_of_the_spec_language_for_tables_has_exactly_one_function():
    also_for_images = {cls for cls in OF_IMAGES if "a table" in cls.takes}
    assert FITS.keys() | AUGMENTATIONS == {*OF_TABLES, *also_for_images}
    assert {cls for cls in OF_TABLES if cls.augments} == AUGMENTATIONS
    assert {cls for cls in STEP_CLASSES if "a table" in cls.takes} == FITS.keys() | AUGMENTATIONS
    assert set(OF_TEXTS) == {cls for cls in STEP_CLASSES if "texts" in cls.takes}


@pytest.mark.parametrize(("using", "filled"), [("median", 4.0), ("mean", 23 / 6), ("mode", 0.0)])
def test_a_missing_number_is_filled_from_the_train_part(using, filled):
    made = after(make(step="fill_missing", columns=["b"], using=using, mark=True))
    assert values(made, "b")[1] == values(made, "b")[4] == pytest.approx(filled, abs=1e-6)
    assert values(made, "b missing") == [0, 1, 0, 0, 1, 0, 0, 0, 0, 0]


def test_a_missing_value_is_filled_with_a_constant_of_its_type():
    assert values(after(make(step="fill_missing", using="constant", value=-1)), "a")[9] == -1
    made = after(make(step="fill_missing", using="constant", value="none"))
    assert names(made, "c")[4] == "none"
    with pytest.raises(InvalidData, match="no column of categories 'a'"):
        after(make(step="fill_missing", columns=["a"], using="constant", value="none"))


def test_rows_are_left_out_of_the_train_part_and_of_nothing_else():
    steps = [make(step="fill_missing", using="drop"), make(step="outliers", columns=["a"], action="drop")]
    fitted = fit_steps(SMALL, TRAIN, steps)
    assert fitted.kept.tolist() == [0, 2, 3, 5, 6]
    assert fitted.left_out == {"fill_missing": 2, "outliers": 1}
    assert applied(fitted.steps, SMALL).rows == 10


def test_steps_that_leave_no_row_are_refused():
    empty = frame(numbers("a", *[None] * 10))
    with pytest.raises(InvalidData, match="fill_missing leaves no row of the train part"):
        fit_steps(empty, TRAIN, [make(step="fill_missing", using="drop")])


@pytest.mark.parametrize(
    ("step", "bounds"),
    [
        ({"by": "iqr"}, (2.75 - 1.5 * 3.5, 6.25 + 1.5 * 3.5)),
        ({"by": "z", "factor": 1}, (16 - np.std([*range(1, 8), 100]), 16 + np.std([*range(1, 8), 100]))),
    ],
)
def test_outliers_are_brought_to_bounds_of_the_train_part(step, bounds):
    made = values(after(make(step="outliers", columns=["a"], **step)), "a")
    assert made[7] == pytest.approx(bounds[1], abs=1e-6)
    assert made[8] == pytest.approx(bounds[1], abs=1e-6)
    assert made[9] is None


def test_a_column_is_read_as_another_type_and_back():
    odd = frame(texts("n", "1", "2.5", "old", None, "inf", "-3"), numbers("k", 1, 2, 1, None, 2.5, 3))
    every = np.arange(6)
    made = after(make(step="convert", columns=["n"], to="number"), on=odd, train=every)
    assert values(made, "n") == [1, 2.5, None, None, None, -3]
    made = after(make(step="convert", columns=["k"], to="category"), on=odd, train=every)
    assert names(made, "k") == ["1", "2", "1", None, "2.5", "3"]
    assert [column.name for column in after(make(step="drop_columns", columns=["a", "d"])).columns] == ["b", "c"]


def test_numbers_are_scaled_by_the_train_part_and_taken_as_they_are():
    seen = np.array([1, 2, 3, 4, 5, 6, 7, 100.0])
    for step, centre, spread in (
        ("standardize", seen.mean(), seen.std()),
        ("min_max", 1, 99),
        ("robust_scale", 4.5, 3.5),
    ):
        made = after(make(step=step, columns=["a"])).numbers("a")
        np.testing.assert_allclose(made.values[:8], (seen - centre) / spread)
        prepared = fit_preparation(SMALL.take(np.arange(9)), TRAIN, [make(step=step), *NO_TEXTS], missing="median")
        np.testing.assert_allclose(prepared.train[:, 0], ((seen - centre) / spread).astype(np.float32))


NO_TEXTS = [make(step="drop_columns", columns=["c", "d"])]


def test_a_column_that_never_changes_becomes_0_and_no_error():
    same = frame(numbers("a", *[7] * 9, None))
    for step in ("standardize", "min_max", "robust_scale"):
        assert values(after(make(step=step), on=same), "a") == [0] * 9 + [None]


def test_logarithms_keep_signs_and_are_standardised_afterwards():
    made = after(make(step="log_scale"), on=frame(numbers("a", -np.expm1(2), 0, np.expm1(3), *[0] * 6, None)))
    assert values(made, "a")[:3] == [-2, 0, 3]
    assert not made.numbers("a").is_scaled


def test_quantiles_are_shares_of_the_train_part():
    made = values(after(make(step="quantile_scale", columns=["a"], to="uniform")), "a")
    assert made == [pytest.approx(at / 7, abs=0.01) for at in range(8)] + [1, None]
    normal = values(after(make(step="quantile_scale", columns=["a"])), "a")
    assert normal[0] == pytest.approx(-3.09, abs=0.01)
    assert normal[8] == pytest.approx(3.09, abs=0.01)
    halves = frame(numbers("a", *[0] * 8, *[5] * 8))
    assert values(after(make(step="quantile_scale", to="uniform"), on=halves, train=np.arange(16)), "a")[0] < 0.5


def test_categories_become_columns_of_those_that_training_has_seen():
    made = after(make(step="one_hot", columns=["c"]))
    assert values(made, "c=x") == [1, 0, 1, 0, 0, 1, 0, 1, 0, 0]
    assert [column.name for column in made.columns] == ["a", "b", "c=x", "c=y", "c=z", "d"]
    assert [one.name for one in after(make(step="one_hot", columns=["c"], most=1)).columns][2:] == ["c=x", "d"]


def test_categories_become_their_places():
    assert values(after(make(step="ordinal", columns=["c"])), "c") == [0, 1, 0, 2, None, 0, 1, 0, None, None]
    made = after(make(step="ordinal", columns=["c"], order=["new", "y", "x"]))
    assert values(made, "c") == [2, 1, 2, None, None, 2, 1, 2, 0, None]


HASH_OF_X = 2


def test_hashes_are_the_same_in_each_process_and_each_row_has_one():
    made = after(make(step="hashing", columns=["c"], buckets=4))
    matrix = np.stack([made.numbers(f"c#{at}").values for at in range(4)], axis=1)
    assert matrix.sum(axis=1).tolist() == [1, 1, 1, 1, 0, 1, 1, 1, 1, 0]
    assert matrix[0].argmax() == HASH_OF_X


def test_rare_and_new_categories_become_one():
    assert names(after(make(step="limit_categories", columns=["c"], most=1)), "c") == [
        "x", "(other)", "x", "(other)", None, "x", "(other)", "x", "(other)", None,
    ]  # fmt: skip
    kept = set(names(after(make(step="limit_categories", columns=["c"], at_least=2)), "c"))
    assert kept == {"x", "y", "(other)", None}


def test_dates_become_what_the_calendar_says():
    made = after(make(step="calendar", columns=["d"], parts=["month", "weekday", "weekend"]))
    assert values(made, "d month") == [1, 2, 3, 4, 5, 6, 7, 8, 9, None]
    assert values(made, "d weekday")[:3] == [0, 4, 6]  # 1 January 2024 was a Monday
    assert values(made, "d weekend")[:3] == [0, 0, 1]
    round_ = after(make(step="calendar", columns=["d"], parts=["month"], circle=True))
    assert values(round_, "d month sine")[3] == 1
    assert values(round_, "d month cosine")[0] == 1
    seconds = frame(numbers("d", 0, 86400 * 31, None))
    made = after(make(step="calendar", columns=["d"], parts=["year", "month"]), on=seconds, train=np.arange(3))
    assert (values(made, "d year"), values(made, "d month")) == ([1970, 1970, None], [1, 2, None])


def test_a_column_without_dates_has_no_calendar():
    with pytest.raises(InvalidData, match="c holds no date or time in the train part"):
        after(make(step="calendar", columns=["c"]))


def series() -> Frame:
    """Two shops, out of order, whose sales are 10 times the day."""
    days = [3, 1, 2, 5, 4] * 2
    shops = ["n"] * 5 + ["s"] * 5
    sales = [10 * day + (1 if shop == "s" else 0) for day, shop in zip(days, shops, strict=True)]
    return frame(numbers("sales", *sales), numbers("day", *days), texts("shop", *shops))


def test_a_row_sees_what_its_own_series_had_before_and_nothing_later():
    step = {"columns": ["sales"], "time": "day", "series": "shop"}
    every = np.arange(10)
    made = after(make(step="lags", lags=[1, 2], **step), on=series(), train=every)
    assert values(made, "sales lag 1") == [20, None, 10, 40, 30, 21, None, 11, 41, 31]
    assert values(made, "sales lag 2")[:5] == [10, None, None, 30, 20]
    made = after(make(step="windows", sizes=[2], **step), on=series(), train=every)
    assert values(made, "sales mean of 2")[:5] == [15, None, 10, 35, 25]
    for of, third in (("minimum", 10), ("maximum", 20), ("deviation", 5)):
        made = after(make(step="windows", sizes=[5], of=of, **step), on=series(), train=every)
        assert values(made, f"sales {of} of 5")[0] == third


def test_two_rows_of_one_time_are_refused_with_the_way_to_tell_them_apart():
    with pytest.raises(InvalidData, match="two rows have the same day") as raised:
        after(make(step="lags", columns=["sales"], time="day", lags=[1]), on=series(), train=np.arange(10))
    assert "`series`" in raised.value.remedy


@pytest.mark.parametrize(
    ("step", "says"),
    [
        ({"step": "standardize", "columns": ["age"]}, "no column 'age'"),
        ({"step": "standardize", "columns": ["c"]}, "no column of numbers 'c'"),
        ({"step": "one_hot", "columns": ["a"]}, "no column of categories 'a'"),
        ({"step": "lags", "columns": ["a"], "time": "c", "lags": [1]}, "c holds no date, time or number"),
        ({"step": "drop_columns", "columns": ["a", "b", "c", "d"]}, "the steps leave no column"),
    ],
)
def test_a_step_that_does_not_fit_the_columns_is_refused(step, says):
    with pytest.raises(InvalidData, match=says):
        after(make(**step))


def test_two_columns_of_one_name_are_refused():
    twice = frame(numbers("c=x", *range(10)), texts("c", *["x", "y"] * 5))
    with pytest.raises(InvalidData, match="two columns 'c=x'"):
        after(make(step="one_hot"), on=twice)


def test_a_number_too_large_to_reckon_with_is_refused():
    large = frame(numbers("a", 1e308, 1e308, -1e308, *range(7)))
    with (
        np.errstate(over="ignore", invalid="ignore"),
        pytest.raises(InvalidData, match="standardize comes to a number"),
    ):
        after(make(step="standardize"), on=large)


EACH = [
    {"step": "fill_missing", "using": "mean", "mark": True},
    {"step": "fill_missing", "using": "mode"},
    {"step": "fill_missing", "using": "drop"},
    {"step": "outliers", "by": "z", "factor": 2},
    {"step": "outliers", "action": "drop"},
    {"step": "convert", "columns": ["b"], "to": "category"},
    {"step": "drop_columns", "columns": ["b"]},
    {"step": "standardize"},
    {"step": "min_max"},
    {"step": "robust_scale"},
    {"step": "log_scale"},
    {"step": "quantile_scale"},
    {"step": "one_hot"},
    {"step": "ordinal"},
    {"step": "hashing"},
    {"step": "limit_categories", "most": 1},
    {"step": "calendar", "columns": ["d"]},
    {"step": "lags", "columns": ["a"], "time": "d", "lags": [1, 2]},
    {"step": "windows", "columns": ["b"], "time": "d", "sizes": [3]},
]


def prepared(on: Frame, step: dict[str, Any]) -> Preparation:
    return fit_preparation(on, TRAIN, [make(**step)], missing="median")


def test_the_list_above_has_each_step_that_is_kept_with_a_model():
    assert {step["step"] for step in EACH} == {name_of(cls) for cls in FITS}


@pytest.mark.parametrize("step", EACH, ids=json.dumps)
def test_no_step_looks_at_a_row_that_is_held_out(step):
    first = prepared(SMALL, step)
    wild = frame(
        numbers("a", 1, 2, 3, 4, 5, 6, 7, 100, -1e12, 1e12),
        numbers("b", 0, None, 2, 3, None, 5, 6, 7, None, 1e9),
        texts("c", "x", "y", "x", "z", None, "x", "y", "x", "a", "A"),
        texts("d", *(f"2024-{month:02}-0{month}" for month in range(1, 9)), "1900-01-01", None),
    )
    second = prepared(wild, step)
    assert (first.steps, first.encoding, first.kept.tolist()) == (second.steps, second.encoding, second.kept.tolist())
    assert first.train.tobytes() == second.train.tobytes()


@pytest.mark.parametrize("step", EACH, ids=json.dumps)
def test_a_step_comes_back_from_the_card_bit_for_bit(step):
    fitted = prepared(SMALL, step)
    form = TypeAdapter(tuple[AnyFitted, ...])
    again = form.validate_json(form.dump_json(fitted.steps), strict=True)
    assert again == fitted.steps
    kept = encoder(fitted, SMALL)(fitted.kept)
    if step["step"] not in {"lags", "windows"} and not fitted.left_out:
        assert kept.tobytes() == fitted.train.tobytes()
    np.testing.assert_array_equal(
        encoder(fitted, SMALL.take(np.arange(10)[::-1]))(np.arange(10)[::-1]), encoder(fitted, SMALL)(np.arange(10))
    )


# --- augmentation ---


def augmenting(*steps: dict[str, Any], seed: int = 5) -> RowAugmentation:
    fitted = fit_preparation(SMALL, np.arange(10), NO_TEXTS[:0], missing="median")
    return RowAugmentation.of(
        [make(**step) for step in steps],
        seed=seed,
        inputs=fitted.train,
        targets=np.arange(10),
        columns=spans(fitted.encoding),
    )


@pytest.mark.parametrize("step", [{"step": "noise"}, {"step": "swap_values", "share": 0.5}], ids=json.dumps)
def test_what_a_row_becomes_is_a_pure_function_of_seed_epoch_and_row(step):
    augment, rows = augmenting(step), np.arange(10)
    made, targets = augment(rows, epoch=3)
    some = np.array([7, 2])
    np.testing.assert_array_equal(augment(some, epoch=3)[0], made[some])  # not of its batch
    assert targets.tolist() == list(range(10))
    assert (augmenting(step, seed=6)(rows, epoch=3)[0] != made).any()
    assert (augment(rows, epoch=4)[0] != made).any()
    assert made.dtype == np.float32


def test_noise_has_the_deviation_that_was_asked_for_and_leaves_marks_and_categories_alone():
    augment = augmenting({"step": "noise", "amount": 0.5, "columns": ["a"]})
    changed = np.array([augment(np.arange(10), epoch=epoch)[0] - augment.inputs for epoch in range(400)])
    assert changed[..., 0].std() == pytest.approx(0.5 * augment.deviations[0], rel=0.05)
    assert abs(changed[..., 0].mean()) < 0.05
    assert not changed[..., 1:].any()


def test_a_swapped_value_comes_whole_from_another_row():
    augment = augmenting({"step": "swap_values", "share": 1})
    partners = np.floor(Draws(5, 1, 0, np.arange(10)).uniform(0) * 10).astype(int)
    np.testing.assert_array_equal(augment(np.arange(10), epoch=1)[0], augment.inputs[partners])
