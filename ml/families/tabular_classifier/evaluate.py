"""Measures a trained classifier of rows on one share of its table, or on another table.

Reads `inputs/model.keras` and `inputs/model.json`, writes `evaluation.json` (see `ml.evaluation.document`),
`confusion.svg` and `report.html`. With a threshold, all but the loss and calibration is measured at it.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from ml.data import Labels
from ml.evaluation.confused import most_confused
from ml.evaluation.document import EvaluationDocument, as_document
from ml.evaluation.intervals import intervals
from ml.evaluation.logistic import LogisticAnswers, logistic_on_columns
from ml.evaluation.risk import Risk, measure_risk
from ml.evaluation.scores import losses, majority_baseline, probabilities, score
from ml.evaluation.slices import Grouped, slices_of_classes
from ml.families.measuring import (
    Chosen,
    choose,
    open_measured,
    predict,
    publish,
    refuse_other_classes,
    reported,
    warn_of_leak,
)
from ml.families.slicing import slice_groups
from ml.families.tabular_classifier.card import TabularCard
from ml.job import RunSettings, Summary
from ml.report import Report
from ml.tables import Encoder, Table, encoder, load_table
from ml.workspace import Workspace
from trainshed.specs import EvaluateSpec


def evaluate(
    spec: EvaluateSpec,
    workspace: Workspace,
    report: Report,
    *,
    settings: RunSettings,
    clock: Callable[[], float] = time.monotonic,
) -> Summary:
    """Measure and write `evaluation.json`. Raises `InvalidData`, or `Diverged` for outputs that are no numbers."""
    opened = open_measured(spec, workspace, TabularCard, load_table, settings=settings)
    card, table = opened.card, opened.examples
    refuse_other_classes(table, card)
    chosen = choose(spec, opened.data, table, card)
    warn_of_leak(chosen, spec, report)

    take = encoder(card, table)
    logits = predict(opened.model, chosen.rows, spec.batch_size, take, report=report, clock=clock)
    groups = slice_groups(spec, opened.data, chosen.rows, settings=settings, shipped=table.columns)
    document = _document(spec, card, table, chosen, logits, take, groups)
    publish(document, workspace)
    return reported(document, report)


def answers(card: TabularCard, chances: npt.NDArray[np.float64]) -> Labels:
    """Return the class (n,) that is answered for probabilities (n, classes)."""
    if card.threshold is None:
        likeliest: Labels = chances.argmax(axis=1)
        return likeliest
    positive = card.classes.index(card.threshold.positive)
    return np.where(chances[:, positive] >= card.threshold.at, positive, 1 - positive)


def _document(
    spec: EvaluateSpec,
    card: TabularCard,
    table: Table,
    chosen: Chosen,
    logits: npt.NDArray[np.float32],
    take: Encoder,
    groups: tuple[Grouped, ...],
) -> EvaluationDocument:
    labels, chances = table.labels[chosen.rows], probabilities(logits)
    answered = answers(card, chances)
    scores = score(labels, logits, class_names=card.classes, answers=answered)
    return as_document(
        scores,
        majority_baseline(labels, train_class_counts=card.data.train_class_counts, class_names=card.classes),
        card,
        split=spec.split,
        data=chosen.data,
        data_digest=table.digest,
        seen_in_training=chosen.seen_in_training,
        intervals=intervals(np.asarray(scores.confusion), losses(labels, logits)),
        labels=labels,
        answers=answered,
        logistic=_logistic(spec, table, chosen, take),
        most_confused=most_confused(
            chosen.rows, labels, chances, class_names=card.classes, most=spec.pictures, answers=answered
        ),
        risk=_risk(card, labels, chances),
        slices=slices_of_classes(groups, labels, answered, positive=_positive(card)),
    )


def _positive(card: TabularCard) -> int | None:
    return None if card.threshold is None else card.classes.index(card.threshold.positive)


def _logistic(spec: EvaluateSpec, table: Table, chosen: Chosen, take: Encoder) -> LogisticAnswers | None:
    if not spec.logistic_regression or chosen.train_rows is None:
        return None
    train, rows = chosen.train_rows, chosen.rows
    return logistic_on_columns(
        take(train),
        table.labels[train],
        take(rows),
        table.labels[rows],
    )


def _risk(card: TabularCard, labels: Labels, chances: npt.NDArray[np.float64]) -> Risk | None:
    if card.threshold is None:
        return None
    positive = card.classes.index(card.threshold.positive)
    return measure_risk(
        positive=card.threshold.positive,
        threshold=card.threshold.at,
        asked_recall=card.threshold.recall,
        is_positive=labels == positive,
        chances=chances[:, positive],
    )
