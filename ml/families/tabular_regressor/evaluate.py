"""Measures a model that predicts a quantity on one share of its table, or on another table.

Reads `inputs/model.keras` and `inputs/model.json`, writes `evaluation.json` (see `ml.evaluation.quantity_document`) and
`report.html`. Beside the model: always the mean of the train part, and linear regression on the same encoded rows.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import Ridge

from ml.evaluation.quantities import beside, intervals_of, is_better, metrics_of, quantity_verdict
from ml.evaluation.quantity_document import QuantityDocument, WorstExample
from ml.evaluation.quantity_picture import quantity_svg
from ml.evaluation.quantity_report import render_quantity_report
from ml.evaluation.slices import Grouped, slices_of_quantities
from ml.families.measuring import (
    Chosen,
    choose_of,
    open_measured,
    predict,
    warn_of_leak,
)
from ml.families.slicing import slice_groups
from ml.families.tabular_regressor.card import RegressorCard
from ml.job import RunSettings, Summary
from ml.report import Report
from ml.tables import Encoder, QuantityTable, encoder, load_quantities
from ml.tables.division import divide_quantities
from ml.workspace import Workspace
from trainshed.specs import EvaluateSpec

Floats = npt.NDArray[np.float64]
MEAN: Final = "always answering the mean"
LINEAR: Final = "linear regression"


def evaluate(
    spec: EvaluateSpec,
    workspace: Workspace,
    report: Report,
    *,
    settings: RunSettings,
    clock: Callable[[], float] = time.monotonic,
) -> Summary:
    """Measure and write `evaluation.json`. Raises `InvalidData`, or `Diverged` for outputs that are no numbers."""
    opened = open_measured(spec, workspace, RegressorCard, load_quantities, settings=settings)
    card, table = opened.card, opened.examples
    chosen = choose_of(spec, opened.data, table, card, lambda split: divide_quantities(table, split))
    warn_of_leak(chosen, spec, report)

    take = encoder(card, table)
    outputs = predict(opened.model, chosen.rows, spec.batch_size, take, report=report, clock=clock)
    predicted = outputs[:, 0].astype(np.float64)
    groups = slice_groups(spec, opened.data, chosen.rows, settings=settings, shipped=table.columns)
    document = _document(spec, card, table, chosen, predicted, take, groups)
    truth = table.quantities[chosen.rows]
    workspace.publish_text("evaluation.json", document.model_dump_json(indent=2))
    workspace.publish_text("report.html", render_quantity_report(document, quantity_svg(truth, predicted)))
    return _reported(document, report)


def _document(
    spec: EvaluateSpec,
    card: RegressorCard,
    table: QuantityTable,
    chosen: Chosen,
    predicted: Floats,
    take: Encoder,
    groups: tuple[Grouped, ...],
) -> QuantityDocument:
    truth = table.quantities[chosen.rows]
    each = np.arange(len(truth))
    baselines = beside(truth, predicted, _baselines(spec, card, table, chosen, take), each)
    worst = np.argsort(-np.abs(predicted - truth), kind="stable")[: spec.pictures]
    return QuantityDocument(
        model_name=card.name,
        weights_sha256=card.weights_sha256,
        split=spec.split,
        examples=len(truth),
        seen_in_training=chosen.seen_in_training,
        data=chosen.data,
        data_digest=table.digest,
        slices=slices_of_quantities(groups, truth, predicted, each),
        target=card.quantity.name,
        metrics=metrics_of(truth, predicted),
        intervals=intervals_of(truth, predicted, each),
        baseline=baselines[0],
        baselines=baselines,
        beats_baseline=is_better(baselines[0]),
        verdict=quantity_verdict(baselines),
        worst=tuple(
            WorstExample(row=int(chosen.rows[at]), true=float(truth[at]), predicted=float(predicted[at]))
            for at in worst
        ),
    )


def _baselines(
    spec: EvaluateSpec, card: RegressorCard, table: QuantityTable, chosen: Chosen, take: Encoder
) -> Mapping[str, Floats]:
    answers = {MEAN: np.full(len(chosen.rows), card.quantity.mean)}
    if chosen.train_rows is None or not spec.logistic_regression:
        return answers
    # A touch of ridge: columns that tell the same would make plain least squares a matter of rounding.
    linear = Ridge(alpha=1e-3 * len(chosen.train_rows))
    linear.fit(take(chosen.train_rows), table.quantities[chosen.train_rows])
    return answers | {LINEAR: linear.predict(take(chosen.rows)).astype(np.float64)}


def _reported(document: QuantityDocument, report: Report) -> Summary:
    headline = document.metrics | {"rmse_ratio": document.baseline.rmse_ratio}
    for name, value in headline.items():
        report.metric(f"evaluation/{name}", 0, value)
    report.message(
        f"{document.split}: mean absolute error {document.metrics['mae']:.4g} on {document.examples} examples."
        f" {document.verdict}"
    )
    return Summary(metrics=headline, facts=document.model_dump(mode="json", exclude={"metrics", "worst", "slices"}))
