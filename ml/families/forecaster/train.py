"""Trains a forecaster: windows, network, epochs, export.

Writes `model.keras` (encoded windows in, quantiles out), `model.json`, `MODEL_CARD.md`, and checkpoints if asked for.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from ml.data import Parts
from ml.errors import InvalidData
from ml.families.fitting import Task, describe, fit_task, refuse_watching_nothing, warn_of_slow_precision
from ml.families.forecaster.card import ForecasterCard, card_text
from ml.families.leaving import common_fields, facts, leave, trained_on
from ml.families.rows import PRESETS
from ml.job import RunSettings, Summary
from ml.precision import computing_in
from ml.report import Report, warn
from ml.runtime import set_up
from ml.series import Origins, SeriesSet, divide_by_time, load_series, origins_of
from ml.series.findings import series_findings
from ml.series.scaling import encode_targets, encode_windows, seasonal_naive
from ml.tables.augmentation import RowAugmentation, whole_row
from ml.training.loop import Prepared, Source
from ml.training.pinball import Pinball, guessing_loss
from ml.workspace import Workspace
from trainshed.specs import Forecaster, TrainSpec


def train(
    spec: TrainSpec,
    workspace: Workspace,
    report: Report,
    *,
    settings: RunSettings,
    clock: Callable[[], float] = time.monotonic,
) -> Summary:
    """Train and export. Raises `InvalidData` or `Diverged`."""
    model = spec.model
    assert isinstance(model, Forecaster)
    set_up(threads=settings.threads, seed=spec.training.seed)
    data = load_series(spec.data, roots=settings.data_roots, files=settings.data_files)
    refuse_no_logarithm(data, model.scale)
    origins = origins_of(data, window=model.window, horizon=model.horizon)
    parts = divide_by_time(origins, spec.data.split)
    refuse_watching_nothing(spec, parts)
    warn_of_slow_precision(spec, report)

    def prepare(name: str) -> Prepared:
        rows = parts.rows(name)
        windows = origins.windows[rows]
        return Prepared(
            encode_windows(windows, season=model.season, scale=model.scale),
            encode_targets(windows, origins.targets[rows], season=model.season, scale=model.scale),
        )

    quantiles = ((1 - model.coverage) / 2, 0.5, (1 + model.coverage) / 2)
    task = _task(spec, model, data, parts, quantiles, prepare("train"))
    report.message(describe(data.source, task, learns=f"{model.horizon} steps ahead in {len(data.series)} series"))
    found = series_findings(data, span=model.window + model.horizon)
    warn(report, found)
    fitted = fit_task(spec, task, prepare, workspace, report, settings=settings, clock=clock)
    card = ForecasterCard(
        **common_fields(fitted, task, settings),
        input_shape=(model.window,),
        data=trained_on(fitted.spec, data, task, findings=found),
        target=data.label,
        horizon=model.horizon,
        season=model.season,
        scale=model.scale,
        quantiles=quantiles,
        naive_error=_naive_error(origins, parts, model),
    )
    leave(task.model, card, card_text(card), fitted.spec, workspace)
    return Summary(metrics=card.metrics, facts=facts(card))


def refuse_no_logarithm(data: SeriesSet, scale: str) -> None:
    """Raise `InvalidData` for values that have no logarithm, where it is to be taken."""
    low = min(float(one.values.min()) for one in data.series)
    if scale == "log" and low <= 0:
        raise InvalidData(
            f"{data.source}: {data.label} goes down to {low:g}, and model.scale is log.",
            remedy="Set model.scale to plain.",
            path=data.source,
            field="model.scale",
        )


def _task(
    spec: TrainSpec,
    model: Forecaster,
    data: SeriesSet,
    parts: Parts,
    quantiles: tuple[float, float, float],
    train: Prepared,
) -> Task:
    with computing_in(spec.training.precision):
        network = PRESETS[model.preset](model.window, model.horizon * len(quantiles), dropout=model.dropout)

    def source(prepared: Prepared) -> Source:
        if not spec.augments:
            return prepared
        return RowAugmentation.of(
            spec.preprocess,
            seed=spec.training.seed,
            inputs=prepared.inputs,
            targets=prepared.targets,
            columns=whole_row(model.window),
        )

    return Task(
        network=network,
        model=network,
        objective=Pinball(quantiles, model.horizon, guessing_loss(train.targets, quantiles)),
        data_digest=data.digest,
        parts=parts,
        source=source,
        augments=spec.augments,
    )


def _naive_error(origins: Origins, parts: Parts, model: Forecaster) -> float:
    naive = seasonal_naive(origins.windows[parts.train], horizon=model.horizon, season=model.season)
    return float(np.abs(naive - origins.targets[parts.train]).mean())
