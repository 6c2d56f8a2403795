"""`lags` and `windows`: what earlier rows had. A row never sees itself, nor a row of its own time or later."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from ml.errors import InvalidData
from ml.tables.frame import Frame, Rows
from ml.tables.steps.choosing import Floats
from ml.tables.steps.fitted import Fitted
from ml.tables.steps.moments import seconds_of
from ml.tables.table import Column, Numbers
from trainshed.specs import Lags, Past, Windows

_CHUNK: Final = 1 << 16
_Of = Literal["mean", "minimum", "maximum", "deviation"]


class PastSeen(Fitted):
    """Base of both: how rows are ordered."""

    columns: tuple[str, ...]
    time: str
    series: str | None

    def _added(self, frame: Frame, looks: Mapping[str, Callable[[Floats], Floats]]) -> Frame:
        """Add for each column and look, by its name, what the look makes of each series in the order of time."""
        pieces = _series_of(frame, self.time, self.series)
        added: list[Column] = []
        for name in self.columns:
            values = frame.numbers(name).values
            for said, look in looks.items():
                seen = np.full(frame.rows, np.nan)
                for rows in pieces:
                    seen[rows] = look(values[rows])
                added.append(Numbers(f"{name} {said}", seen))
        return frame.adding(added)


class LagsSeen(PastSeen):
    """Adds single earlier values."""

    step: Literal["lags"] = "lags"
    lags: tuple[int, ...]

    def apply(self, frame: Frame) -> Frame:
        return self._added(frame, {f"lag {lag}": partial(_lagged, lag=lag) for lag in self.lags})


class WindowsSeen(PastSeen):
    """Adds what several earlier values have together."""

    step: Literal["windows"] = "windows"
    sizes: tuple[int, ...]
    of: _Of

    def apply(self, frame: Frame) -> Frame:
        of = _OF[self.of]
        return self._added(frame, {f"{self.of} of {size}": partial(_windowed, size=size, of=of) for size in self.sizes})


def fit_lags(step: Lags, frame: Frame) -> LagsSeen:
    """Take the columns over. Raises `InvalidData` where they cannot be ordered."""
    _refuse_no_order(step, frame)
    return LagsSeen(columns=step.columns, time=step.time, series=step.series, lags=step.lags)


def fit_windows(step: Windows, frame: Frame) -> WindowsSeen:
    """Take the columns over. Raises `InvalidData` where they cannot be ordered."""
    _refuse_no_order(step, frame)
    return WindowsSeen(columns=step.columns, time=step.time, series=step.series, sizes=step.sizes, of=step.of)


def _refuse_no_order(step: Past, frame: Frame) -> None:
    if np.isnan(seconds_of(frame.any(step.time))).all():
        raise InvalidData(
            f"{frame.source}: {step.time} holds no date, time or number, and a step orders rows by it.",
            remedy="Write times as 2024-12-31, as 2024-12-31T23:59:00, or as numbers.",
            path=frame.source,
            field=step.time,
        )


def _series_of(frame: Frame, time: str, series: str | None) -> list[Rows]:
    """Return the rows of each series in the order of time, without those that have none."""
    seconds = seconds_of(frame.any(time))
    codes = np.zeros(frame.rows, np.int64) if series is None else _codes(frame.any(series))
    order = np.lexsort((seconds, codes))
    order = order[~np.isnan(seconds[order])]
    borders = np.flatnonzero(np.diff(codes[order])) + 1
    pieces = np.split(order, borders)
    for rows in pieces:
        twice = np.flatnonzero(np.diff(seconds[rows]) == 0)
        if twice.size:
            raise InvalidData(
                f"{frame.source}: two rows have the same {time}, so which is the earlier one cannot be told.",
                remedy="Name the column that tells one series from another as `series` of the step.",
                path=frame.source,
                row=int(rows[twice[0] + 1]),
                field=time,
            )
    return pieces


def _codes(column: Column) -> Rows:
    if not isinstance(column, Numbers):
        return column.codes
    _, codes = np.unique(column.values, return_inverse=True)
    return codes.astype(np.int64)


def _lagged(values: Floats, *, lag: int) -> Floats:
    seen = np.full(len(values), np.nan)
    seen[lag:] = values[:-lag]
    return seen


def _windowed(values: Floats, *, size: int, of: Callable[[Floats, npt.NDArray[np.bool_]], Floats]) -> Floats:
    """Return what the last `size` values before each have together, of those that are there; NaN where none is."""
    padded = np.concatenate([np.full(size, np.nan), values[:-1]])
    windows = np.lib.stride_tricks.sliding_window_view(padded, size)
    seen = np.full(len(values), np.nan)
    for start in range(0, len(values), _CHUNK):
        chunk = windows[start : start + _CHUNK]
        there = ~np.isnan(chunk)
        some = there.any(axis=1)
        seen[start : start + len(chunk)][some] = of(chunk[some], there[some])
    return seen


def _mean(windows: Floats, there: npt.NDArray[np.bool_]) -> Floats:
    mean: Floats = np.where(there, windows, 0.0).sum(axis=1) / there.sum(axis=1)
    return mean


def _deviation(windows: Floats, there: npt.NDArray[np.bool_]) -> Floats:
    apart = np.where(there, windows - _mean(windows, there)[:, None], 0.0)
    deviation: Floats = np.sqrt(np.square(apart).sum(axis=1) / there.sum(axis=1))
    return deviation


def _least(windows: Floats, there: npt.NDArray[np.bool_]) -> Floats:
    least: Floats = np.where(there, windows, np.inf).min(axis=1)
    return least


def _largest(windows: Floats, there: npt.NDArray[np.bool_]) -> Floats:
    largest: Floats = np.where(there, windows, -np.inf).max(axis=1)
    return largest


_OF: Final[dict[_Of, Callable[[Floats, npt.NDArray[np.bool_]], Floats]]] = {
    "mean": _mean,
    "deviation": _deviation,
    "minimum": _least,
    "maximum": _largest,
}
