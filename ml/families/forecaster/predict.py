"""Forecasts how each series goes on beyond its end, with intervals: one row for each series and step.

With a split it forecasts from each origin of that part, as an evaluation does: what came is known there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ml.data.asked_rows import count_rows, texts_in
from ml.data.files import find_file
from ml.data.questions import Asked
from ml.errors import InvalidData
from ml.families.forecaster.card import ForecasterCard
from ml.families.forecaster.forecasting import encoded, forecasts
from ml.families.forecaster.train import refuse_no_logarithm
from ml.families.predicting import (
    Asking,
    answering,
    leave_predictions,
    meter,
    open_asked,
    roles,
    rows_of_split,
    with_identity,
)
from ml.job import DataFile, RunSettings, Summary
from ml.predictions.columns import Columns
from ml.predictions.tally import PREDICTION, Range
from ml.report import Report
from ml.series import SeriesSet, divide_by_time, last_windows, load_series, origins_of
from ml.workspace import Workspace
from trainshed.specs import Data, PredictSpec

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class _Beginnings:
    """Where forecasts begin: what is known then (n, window), of which series, and the row of the last known value."""

    windows: npt.NDArray[np.float64]
    series: Rows
    rows: Rows


def predict(
    spec: PredictSpec,
    workspace: Workspace,
    report: Report,
    *,
    settings: RunSettings,
    clock: Callable[[], float] = time.monotonic,
) -> Summary:
    """Write the forecasts. Raises `InvalidData`, or `Diverged` for outputs that are no numbers."""
    asking = open_asked(spec, workspace, ForecasterCard, settings=settings)
    card = asking.card

    def load(data: Data, *, roots: tuple[Path, ...], files: Mapping[str, DataFile]) -> SeriesSet:
        labelled = roles(asking).model_copy(update={"label": roles(asking).label or card.target})
        return load_series(data.model_copy(update={"columns": labelled}), roots=roots, files=files)

    data = load(asking.data, roots=settings.data_roots, files=settings.data_files)
    refuse_no_logarithm(data, card.scale)
    if spec.split is None:
        begin = _at_the_ends(data, card, report)
    else:
        origins = origins_of(data, window=card.input_shape[0], horizon=card.horizon)
        chosen = rows_of_split(spec, asking, load, lambda _, split: divide_by_time(origins, split), settings=settings)
        begin = _Beginnings(origins.windows[chosen], origins.series[chosen], origins.rows[chosen])
    kept = _kept(spec, asking, begin.rows, settings)
    batches = _forecast(spec, asking, data, begin, kept, report, clock)
    return leave_predictions(spec, asking, batches, Range(), workspace, report)


def _at_the_ends(data: SeriesSet, card: ForecasterCard, report: Report) -> _Beginnings:
    windows, series = last_windows(data, window=card.input_shape[0])
    short = [one.name for one in data.series if len(one.values) < card.input_shape[0]]
    if short:
        report.message(
            f"warning: {len(short)} series are shorter than the {card.input_shape[0]} values that the model looks at,"
            f" and have no forecast, among them {short[0]}"
        )
    return _Beginnings(windows, series, np.array([data.series[place].rows[-1] for place in series], np.int64))


def _kept(
    spec: PredictSpec, asking: Asking[ForecasterCard], rows: Rows, settings: RunSettings
) -> Mapping[str, list[str]]:
    """Return what the rows of the last known values say in the columns to keep."""
    if not spec.keep:
        return {}
    source = find_file(asking.data, roots=settings.data_roots, files=settings.data_files)
    if source is None:
        raise InvalidData(
            f"keep names {spec.keep[0]!r}, and {asking.data.dataset} has no such column.",
            remedy="Leave keep out: the columns `series` and `row` tell forecasts apart.",
            field="keep",
        )
    table = count_rows(source)
    table.refuse_missing(spec.keep, why="keep names", field="keep")
    return texts_in(table, spec.keep, rows)


def _forecast(
    spec: PredictSpec,
    asking: Asking[ForecasterCard],
    data: SeriesSet,
    begin: _Beginnings,
    kept: Mapping[str, list[str]],
    report: Report,
    clock: Callable[[], float],
) -> Iterator[Columns]:
    card, forward = asking.card, answering(asking.model)
    progress = meter(spec, len(begin.rows), report, clock)
    for step, start in enumerate(range(0, len(begin.rows), spec.batch_size), start=1):
        some = slice(start, start + spec.batch_size)
        windows = begin.windows[some]
        forecast = forecasts(card, windows, forward(encoded(card, windows)))
        asked = Asked(
            np.repeat(begin.rows[some], card.horizon),
            windows,
            {name: [text for text in texts[some] for _ in range(card.horizon)] for name, texts in kept.items()},
        )
        yield with_identity(
            asked,
            {
                "series": [data.series[place].name for place in begin.series[some] for _ in range(card.horizon)],
                "step": np.tile(np.arange(1, card.horizon + 1), len(windows)),
                PREDICTION: forecast[:, :, 1].ravel(),
                "low": forecast[:, :, 0].ravel(),
                "high": forecast[:, :, 2].ravel(),
            },
        )
        progress.at(step)
