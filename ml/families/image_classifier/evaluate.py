"""Measures a trained image classifier on one share of its data, or on other data.

Reads `inputs/model.keras` and `inputs/model.json`, writes `evaluation.json` (see `ml.evaluation.document`),
`confusion.svg` and `report.html`.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from ml.data import Dataset, load_dataset
from ml.data.checked_arrays import refuse_other_shape
from ml.evaluation.confused import most_confused
from ml.evaluation.document import EvaluationDocument, as_document
from ml.evaluation.intervals import intervals
from ml.evaluation.logistic import LogisticAnswers, logistic_baseline
from ml.evaluation.pictures import as_png, visible
from ml.evaluation.scores import losses, majority_baseline, probabilities, score
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
from ml.job import RunSettings, Summary
from ml.model.card import ModelCard
from ml.report import Report
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
    opened = open_measured(spec, workspace, ModelCard, load_dataset, settings=settings)
    card, dataset = opened.card, opened.examples
    refuse_other_shape(dataset.image_shape, card.input_shape, path=dataset.source)
    refuse_other_classes(dataset, card)
    chosen = choose(spec, opened.data, dataset, card)
    warn_of_leak(chosen, spec, report)

    def take(rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        return dataset.images[rows].astype(np.float32)

    logits = predict(opened.model, chosen.rows, spec.batch_size, take, report=report, clock=clock)
    document = _document(spec, card, dataset, chosen, logits)
    publish(document, workspace, pictures=_pictures(document, dataset))
    return reported(document, report)


def _document(
    spec: EvaluateSpec, card: ModelCard, dataset: Dataset, chosen: Chosen, logits: npt.NDArray[np.float32]
) -> EvaluationDocument:
    labels = dataset.labels[chosen.rows]
    scores = score(labels, logits, class_names=card.classes)
    return as_document(
        scores,
        majority_baseline(labels, train_class_counts=card.data.train_class_counts, class_names=card.classes),
        card,
        split=spec.split,
        data=chosen.data,
        data_digest=dataset.digest,
        seen_in_training=chosen.seen_in_training,
        intervals=intervals(np.asarray(scores.confusion), losses(labels, logits)),
        labels=labels,
        answers=logits.argmax(axis=1),
        logistic=_logistic(spec, dataset, chosen),
        most_confused=most_confused(
            chosen.rows, labels, probabilities(logits), class_names=card.classes, most=spec.pictures
        ),
    )


def _logistic(spec: EvaluateSpec, dataset: Dataset, chosen: Chosen) -> LogisticAnswers | None:
    if not spec.logistic_regression or chosen.train_rows is None:
        return None
    return logistic_baseline(dataset, train_rows=chosen.train_rows, rows=chosen.rows)


def _pictures(document: EvaluationDocument, dataset: Dataset) -> list[bytes]:
    """Return the most confused examples as PNG files."""
    rows = [example.row for example in document.most_confused]
    return [as_png(image) for image in visible(dataset.images[rows])]
