"""Measures a trained classifier of texts on one share of its texts, or on other texts.

Reads `inputs/model.keras` and `inputs/model.json`, writes `evaluation.json` (see `ml.evaluation.document`),
`confusion.svg` and `report.html`.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from ml.evaluation.confused import ConfusedExample, most_confused
from ml.evaluation.document import EvaluationDocument, as_document
from ml.evaluation.intervals import intervals
from ml.evaluation.logistic import LogisticAnswers, logistic_on_texts
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
from ml.families.text_classifier.card import TextCard
from ml.job import RunSettings, Summary
from ml.report import Report
from ml.texts import TextSet, clean_texts, encode_for, load_texts
from ml.texts.words import words_of
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
    opened = open_measured(spec, workspace, TextCard, load_texts, settings=settings)
    card, texts = opened.card, opened.examples
    refuse_other_classes(texts, card)
    chosen = choose(spec, opened.data, texts, card)
    warn_of_leak(chosen, spec, report)

    def take(rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
        return encode_for(card, _of(texts, rows))

    logits = predict(opened.model, chosen.rows, spec.batch_size, take, report=report, clock=clock)
    groups = slice_groups(spec, opened.data, chosen.rows, settings=settings)
    document = _document(spec, card, texts, chosen, logits, groups)
    publish(document, workspace)
    return reported(document, report)


def _document(
    spec: EvaluateSpec,
    card: TextCard,
    texts: TextSet,
    chosen: Chosen,
    logits: npt.NDArray[np.float32],
    groups: tuple[Grouped, ...],
) -> EvaluationDocument:
    labels = texts.labels[chosen.rows]
    scores = score(labels, logits, class_names=card.classes)
    return as_document(
        scores,
        majority_baseline(labels, train_class_counts=card.data.train_class_counts, class_names=card.classes),
        card,
        split=spec.split,
        data=chosen.data,
        data_digest=texts.digest,
        seen_in_training=chosen.seen_in_training,
        intervals=intervals(np.asarray(scores.confusion), losses(labels, logits)),
        labels=labels,
        answers=logits.argmax(axis=1),
        logistic=_logistic(spec, card, texts, chosen),
        most_confused=_most_confused(spec, card, texts, chosen, logits),
        slices=slices_of_classes(groups, labels, logits.argmax(axis=1), positive=None),
    )


def _logistic(spec: EvaluateSpec, card: TextCard, texts: TextSet, chosen: Chosen) -> LogisticAnswers | None:
    if not spec.logistic_regression or chosen.train_rows is None:
        return None
    train, rows = chosen.train_rows, chosen.rows
    return logistic_on_texts(
        clean_texts(card.preprocess, _of(texts, train)),
        texts.labels[train],
        clean_texts(card.preprocess, _of(texts, rows)),
        texts.labels[rows],
        words_of=words_of,
    )


def _most_confused(
    spec: EvaluateSpec, card: TextCard, texts: TextSet, chosen: Chosen, logits: npt.NDArray[np.float32]
) -> tuple[ConfusedExample, ...]:
    found = most_confused(
        chosen.rows,
        texts.labels[chosen.rows],
        probabilities(logits),
        class_names=card.classes,
        most=spec.pictures,
    )
    return tuple(one.with_text(texts.texts[one.row]) for one in found)


def _of(texts: TextSet, rows: npt.NDArray[np.int64]) -> list[str]:
    return [texts.texts[row] for row in rows]
