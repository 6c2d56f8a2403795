"""The metrics of a job, ready for arithmetic: as lists, as arrays, as a data frame."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, ValuesView
from importlib import import_module
from types import ModuleType
from typing import Any, overload

from trainshed.client.notebook import metrics_html
from trainshed.wire import MetricSeries


class MetricTable(Mapping[str, MetricSeries]):
    """Series by name, each ordered by step.

        table = client.metrics(job.id)
        for series in table.values():
            print(series.name, len(series.points))
        loss = table.values("loss") if "loss" in table else []

    NumPy and pandas are used where they are installed; the client needs neither.
    """

    def __init__(self, series: Iterable[MetricSeries]) -> None:
        self._series = {one.name: one for one in series}

    def __getitem__(self, name: str) -> MetricSeries:
        return self._series[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._series)

    def __len__(self) -> int:
        return len(self._series)

    def __repr__(self) -> str:
        return f"MetricTable({', '.join(f'{one.name}: {len(one.points)}' for one in self._series.values())})"

    def _repr_html_(self) -> str:
        """What a notebook shows: a row and a chart for each series."""
        return metrics_html(self._series.values())

    def steps(self, name: str) -> list[int]:
        """Return the steps of a series. Raises `KeyError`."""
        return [point.step for point in self._series[name].points]

    @overload
    def values(self) -> ValuesView[MetricSeries]: ...
    @overload
    def values(self, name: str) -> list[float]: ...
    def values(self, name: str | None = None) -> ValuesView[MetricSeries] | list[float]:
        """Return the numbers of a series; without a name all series, as any mapping does. Raises `KeyError`."""
        if name is None:
            return self._series.values()
        return [point.value for point in self._series[name].points]

    def arrays(self) -> dict[str, tuple[Any, Any]]:
        """Return steps and values of each series.

        With NumPy: arrays of shape (points,), int64 and float64. Without: lists of the same numbers.
        """
        numpy = _installed("numpy")
        columns = {name: (self.steps(name), self.values(name)) for name in self}
        if numpy is None:
            return dict(columns)
        return {
            name: (numpy.array(steps, dtype="int64"), numpy.array(values, dtype="float64"))
            for name, (steps, values) in columns.items()
        }

    def to_frame(self) -> Any:
        """Return a pandas DataFrame: a row a step, a column a series, NaN where a series has no such step.

        Raises `ModuleNotFoundError`, with what to install, where pandas is not.
        """
        pandas = _installed("pandas")
        if pandas is None:
            raise ModuleNotFoundError(
                "A data frame needs pandas, which is not installed here: pip install pandas. "
                "Without it: steps(), values() and arrays().",
                name="pandas",
            )
        columns = {name: pandas.Series(self.values(name), index=self.steps(name), dtype="float64") for name in self}
        return pandas.DataFrame(columns).rename_axis("step")


def _installed(module: str) -> ModuleType | None:
    """Import a module that this package does not ask for."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:  # it is there, and something that it needs is not
            raise
        return None
