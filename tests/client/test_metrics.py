"""Series of numbers: read to their end, and ready for arithmetic."""

from __future__ import annotations

import sys
import types
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.client.documents import JOB_ID, JOB_PATH
from tests.client.scripted import Answer, ScriptedServer, as_json
from trainshed import Client
from trainshed.client import MetricTable
from trainshed.wire import MetricPoint, MetricSeries

METRICS = f"{JOB_PATH}/metrics"
NOW = "2026-01-01T00:00:00Z"


def answer(*steps: int, name: str = "loss") -> Answer:
    points = [{"step": step, "value": step / 2, "at": NOW} for step in steps]
    return as_json({"series": [{"name": name, "points": points}]})


def series(name: str, **values: float) -> MetricSeries:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    points = (MetricPoint(step=int(step[1:]), value=value, at=at) for step, value in values.items())
    return MetricSeries(name=name, points=tuple(points))


@pytest.fixture
def table() -> MetricTable:
    return MetricTable([series("loss", s1=0.5, s2=0.25), series("accuracy", s2=0.9)])


def test_a_series_longer_than_one_answer_is_read_to_its_end(
    server: ScriptedServer, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trainshed.client.series._POINTS", 2)
    server.on("GET", METRICS, answer(1, 2), answer(3, 4), answer(9))

    assert client.metrics(JOB_ID).steps("loss") == [1, 2, 3, 4, 9]
    assert [asked.query.get("since_step") for asked in server.asked] == [None, ["3"], ["5"]]


def test_what_the_server_thinned_out_is_asked_for_once(server: ScriptedServer, client: Client) -> None:
    server.on("GET", METRICS, answer(*range(500)))

    assert len(client.metrics(JOB_ID, series="loss", since_step=0, points=500).values("loss")) == 500
    assert [asked.query for asked in server.asked] == [{"series": ["loss"], "since_step": ["0"], "points": ["500"]}]


def test_several_series_are_asked_for_by_name(server: ScriptedServer, client: Client) -> None:
    server.on("GET", METRICS, answer(1))

    client.metrics(JOB_ID, series=["loss", "accuracy"])

    assert server.asked[0].query["series"] == ["loss", "accuracy"]


def test_a_table_is_a_mapping_of_series(table: MetricTable) -> None:
    assert [*table] == ["loss", "accuracy"]
    assert len(table) == 2
    assert table["loss"].points[0].value == 0.5
    assert [one.name for one in table.values()] == ["loss", "accuracy"]
    assert dict(table.items())["accuracy"].points[0].step == 2
    assert "nonsense" not in table


def test_steps_and_values_of_one_series_are_lists_of_numbers(table: MetricTable) -> None:
    assert (table.steps("loss"), table.values("loss")) == ([1, 2], [0.5, 0.25])
    with pytest.raises(KeyError):
        table.values("nonsense")


def test_arrays_are_those_of_numpy(table: MetricTable) -> None:
    steps, values = table.arrays()["loss"]

    assert (steps.dtype, steps.tolist()) == ("int64", [1, 2])
    assert (values.dtype, values.tolist()) == ("float64", [0.5, 0.25])


def test_without_numpy_arrays_are_lists(table: MetricTable, monkeypatch: pytest.MonkeyPatch) -> None:
    hide(monkeypatch, "numpy")

    assert table.arrays() == {"loss": ([1, 2], [0.5, 0.25]), "accuracy": ([2], [0.9])}


def test_without_pandas_a_frame_says_what_to_install(table: MetricTable, monkeypatch: pytest.MonkeyPatch) -> None:
    hide(monkeypatch, "pandas")

    with pytest.raises(ModuleNotFoundError, match="pip install pandas"):
        table.to_frame()


def test_a_library_that_is_there_and_broken_is_not_called_missing(
    table: MetricTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(name: str) -> Any:
        raise ModuleNotFoundError("No module named 'pytz'", name="pytz")

    monkeypatch.setattr("trainshed.client.table.import_module", broken)

    with pytest.raises(ModuleNotFoundError, match="pytz"):
        table.to_frame()


def test_a_frame_has_a_column_a_series_by_step(table: MetricTable, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a stand-in for pandas that notes what it is given: pandas itself is not among what tests may need."""

    class Frame(dict[str, Any]):
        def rename_axis(self, name: str) -> tuple[str, Frame]:
            return name, self

    def column(values: list[float], *, index: list[int], dtype: str) -> tuple[list[float], list[int], str]:
        return values, index, dtype

    pandas = types.ModuleType("pandas")
    pandas.DataFrame, pandas.Series = Frame, column  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pandas", pandas)

    assert table.to_frame() == (
        "step",
        {"loss": ([0.5, 0.25], [1, 2], "float64"), "accuracy": ([0.9], [2], "float64")},
    )


def hide(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setitem(sys.modules, name, None)
