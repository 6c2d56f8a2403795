"""Forecasts by where they begin. An origin sees the values up to it, and its targets are those that follow.

Parts are divided by time: test is the last of it, validation is before that. An origin whose targets lie in two parts
is in neither, so that no value that is tested on was ever a target of training, in whichever series.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.data import Parts
from ml.errors import InvalidData
from ml.series.series_set import SeriesSet
from trainshed.specs import Split

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Origins:
    """All origins of a set of series with their windows, in the order of series and time."""

    windows: Floats
    """Shape (n, window): the values up to the origin, the last one is at it."""
    targets: Floats
    """Shape (n, horizon): the values after it."""
    first: Rows
    """Shape (n,): the time of the first target, as a place among all times of the data."""
    last: Rows
    """Shape (n,): that of the last target."""
    series: Rows
    """Shape (n,): which series of the data each is of."""
    rows: Rows
    """Shape (n,): the row of the last known value."""
    moments: int
    """How many different times there are."""


def origins_of(data: SeriesSet, *, window: int, horizon: int) -> Origins:
    """Cut the series. Raises `InvalidData` when none is long enough."""
    moments = np.unique(np.concatenate([one.times for one in data.series]))
    span = window + horizon
    cut = [
        (np.lib.stride_tricks.sliding_window_view(one.values, span), np.searchsorted(moments, one.times), place)
        for place, one in enumerate(data.series)
        if len(one.values) >= span
    ]
    if not cut:
        longest = max(len(one.values) for one in data.series)
        raise InvalidData(
            f"{data.source}: the longest series has {longest} values, and a window of {window} with a horizon of"
            f" {horizon} takes {span}.",
            remedy="Lower model.window or model.horizon, or give longer series.",
            path=data.source,
            field="model.window",
        )
    pieces = np.concatenate([values for values, _, _ in cut])
    return Origins(
        windows=pieces[:, :window],
        targets=pieces[:, window:],
        first=np.concatenate([places[window : len(places) - horizon + 1] for _, places, _ in cut]),
        last=np.concatenate([places[span - 1 :] for _, places, _ in cut]),
        moments=len(moments),
        series=np.concatenate([np.full(len(values), place, np.int64) for values, _, place in cut]),
        rows=np.concatenate([data.series[place].rows[window - 1 : -horizon] for _, _, place in cut]),
    )


def last_windows(data: SeriesSet, *, window: int) -> tuple[Floats, Rows]:
    """Return what is known at the end of each series that is long enough: windows (n, window), and which series (n,).

    Raises `InvalidData` when none is.
    """
    long = [place for place, one in enumerate(data.series) if len(one.values) >= window]
    if not long:
        longest = max(len(one.values) for one in data.series)
        raise InvalidData(
            f"{data.source}: the longest series has {longest} values, and the model looks at the last {window}.",
            remedy="Give longer series, or train with a lower model.window.",
            path=data.source,
        )
    return np.stack([data.series[place].values[-window:] for place in long]), np.array(long, np.int64)


def divide_by_time(origins: Origins, split: Split) -> Parts:
    """Divide by time; `split.seed` and `split.stratify` have no effect. Raises `InvalidData` for an empty part."""
    test_from = origins.moments - round(origins.moments * split.test)
    validation_from = test_from - round(origins.moments * split.validation)
    borders = {"train": (0, validation_from), "validation": (validation_from, test_from)}
    borders["test"] = (test_from, origins.moments)
    rows = {
        name: np.flatnonzero((origins.first >= begin) & (origins.last < end)) for name, (begin, end) in borders.items()
    }
    asked = {"train": 1.0, "validation": split.validation, "test": split.test}
    empty = next((name for name, share in asked.items() if share and not len(rows[name])), None)
    if empty is not None:
        raise InvalidData(
            f"No forecast lies wholly within the {empty} part: it has"
            f" {borders[empty][1] - borders[empty][0]} moments, and a forecast takes {origins.targets.shape[1]}, after"
            f" {origins.windows.shape[1]} that it sees.",
            remedy="Raise its share in data.split, lower model.horizon or model.window, or give longer series.",
            field="data.split",
        )
    return Parts(rows["train"], rows["validation"], rows["test"])
