"""Measures a forecaster on the origins of one part, each with what was known then (rolling origin).

Reads `inputs/model.keras` and `inputs/model.json`, writes `evaluation.json` (see `ml.evaluation.forecast_document`) and
`report.html`. Beside the model: the value one season before, and the last value. Forecasts that overlap in time have
errors that are alike: the bootstrap draws them together.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from ml.evaluation.forecast_document import ForecastDocument, Step
from ml.evaluation.forecast_report import render_forecast_report
from ml.evaluation.quantities import beside, intervals_of, is_better, metrics_of, quantity_verdict
from ml.evaluation.slices import Grouped, slices_of_quantities
from ml.families.forecaster.card import ForecasterCard
from ml.families.forecaster.forecasting import encoded, forecasts
from ml.families.forecaster.train import refuse_no_logarithm
from ml.families.measuring import (
    Chosen,
    choose_of,
    open_measured,
    predict,
    warn_of_leak,
)
from ml.families.slicing import slice_groups
from ml.job import RunSettings, Summary
from ml.report import Report
from ml.series import Origins, divide_by_time, load_series, origins_of
from ml.series.scaling import seasonal_naive
from ml.workspace import Workspace
from trainshed.specs import EvaluateSpec

Floats = npt.NDArray[np.float64]
PERSISTENCE: Final = "persistence"
SEASONAL: Final = "seasonal naive"


def evaluate(
    spec: EvaluateSpec,
    workspace: Workspace,
    report: Report,
    *,
    settings: RunSettings,
    clock: Callable[[], float] = time.monotonic,
) -> Summary:
    """Measure and write `evaluation.json`. Raises `InvalidData`, or `Diverged` for outputs that are no numbers."""
    opened = open_measured(spec, workspace, ForecasterCard, load_series, settings=settings)
    card, series = opened.card, opened.examples
    refuse_no_logarithm(series, card.scale)
    origins = origins_of(series, window=card.input_shape[0], horizon=card.horizon)
    chosen = choose_of(spec, opened.data, series, card, lambda split: divide_by_time(origins, split))
    warn_of_leak(chosen, spec, report)

    def take(rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        return encoded(card, origins.windows[rows])

    outputs = predict(opened.model, chosen.rows, spec.batch_size, take, report=report, clock=clock)
    windows = origins.windows[chosen.rows]
    forecast = forecasts(card, windows, outputs)
    groups = slice_groups(spec, opened.data, origins.rows[chosen.rows], settings=settings)
    document = _document(spec, card, series.digest, origins, chosen, forecast, groups)
    workspace.publish_text("evaluation.json", document.model_dump_json(indent=2))
    workspace.publish_text(
        "report.html", render_forecast_report(document, origins.targets[chosen.rows][-1], forecast[-1], windows[-1])
    )
    return _reported(document, report)


def _document(
    spec: EvaluateSpec,
    card: ForecasterCard,
    digest: str,
    origins: Origins,
    chosen: Chosen,
    forecast: Floats,
    groups: tuple[Grouped, ...],
) -> ForecastDocument:
    truth, middle = origins.targets[chosen.rows], forecast[:, :, 1]
    naive = _baselines(card, origins.windows[chosen.rows])
    blocks = np.repeat(_blocks(origins.first[chosen.rows], card.horizon), card.horizon)
    flat = {name: values.ravel() for name, values in naive.items()}
    baselines = beside(truth.ravel(), middle.ravel(), flat, blocks)
    within = (forecast[:, :, 0] <= truth) & (truth <= forecast[:, :, 2])
    plain = metrics_of(truth.ravel(), middle.ravel())
    first = next(iter(naive.values()))
    known = origins.windows[chosen.rows, -1]
    return ForecastDocument(
        model_name=card.name,
        weights_sha256=card.weights_sha256,
        split=spec.split,
        examples=len(truth),
        seen_in_training=chosen.seen_in_training,
        data=chosen.data,
        data_digest=digest,
        slices=slices_of_quantities(
            [one.repeated(card.horizon) for one in groups], truth.ravel(), middle.ravel(), blocks
        ),
        target=card.target,
        metrics=plain
        | {
            "mase": plain["mae"] / (card.naive_error or 1.0),
            "smape": _smape(truth, middle),
            "interval_coverage": float(within.mean()),
            "direction": _direction(truth[:, 0] - known, middle[:, 0] - known),
        },
        intervals=intervals_of(truth.ravel(), middle.ravel(), blocks),
        baseline=baselines[0],
        baselines=baselines,
        beats_baseline=is_better(baselines[0]),
        verdict=quantity_verdict(baselines),
        asked_coverage=card.quantiles[2] - card.quantiles[0],
        steps=tuple(
            Step(
                ahead=step + 1,
                mae=float(np.abs(middle[:, step] - truth[:, step]).mean()),
                baseline_mae=float(np.abs(first[:, step] - truth[:, step]).mean()),
                interval_coverage=float(within[:, step].mean()),
            )
            for step in range(card.horizon)
        ),
    )


def _baselines(card: ForecasterCard, windows: Floats) -> Mapping[str, Floats]:
    """Return the forecasts (n, horizon) of each, the one that the model corrects first."""
    last = {PERSISTENCE: seasonal_naive(windows, horizon=card.horizon, season=1)}
    if card.season == 1:
        return last
    return {SEASONAL: seasonal_naive(windows, horizon=card.horizon, season=card.season)} | last


def _blocks(first: npt.NDArray[np.int64], horizon: int) -> npt.NDArray[np.int64]:
    """Return for each origin (n,) which ones are drawn with it: those within a horizon of time, in all series."""
    _, blocks = np.unique((first - first.min()) // horizon, return_inverse=True)
    return blocks.astype(np.int64)


def _smape(truth: Floats, forecast: Floats) -> float:
    """Return the symmetric mean absolute percentage error as a share from 0 to 2."""
    size = np.abs(truth) + np.abs(forecast)
    return float((2 * np.abs(forecast - truth) / np.where(size > 0, size, 1.0)).mean())


def _direction(truth: Floats, forecast: Floats) -> float:
    """Return how often the first step goes up or down as forecast, of those that move."""
    moves = truth != 0
    return float((np.sign(forecast[moves]) == np.sign(truth[moves])).mean()) if moves.any() else 0.0


def _reported(document: ForecastDocument, report: Report) -> Summary:
    headline = document.metrics | {"rmse_ratio": document.baseline.rmse_ratio, "mae_ratio": document.mae_ratio}
    for name, value in headline.items():
        report.metric(f"evaluation/{name}", 0, value)
    report.message(
        f"{document.split}: mean absolute error {document.metrics['mae']:.4g} over {document.examples} forecasts,"
        f" {document.metrics['interval_coverage']:.1%} within the interval of {document.asked_coverage:.0%}."
        f" {document.verdict}"
    )
    return Summary(metrics=headline, facts=document.model_dump(mode="json", exclude={"metrics", "steps", "slices"}))
