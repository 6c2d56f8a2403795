"""`evaluation.json`, format 1. Fields are added in later versions, never renamed."""

from __future__ import annotations

import numpy as np

from ml.data import Labels
from ml.evaluation.calibration import Bin
from ml.evaluation.confused import ConfusedExample, ConfusedPair, confused_pairs
from ml.evaluation.intervals import Interval
from ml.evaluation.logistic import LogisticAnswers, LogisticBaseline
from ml.evaluation.measured import Measured
from ml.evaluation.risk import Risk
from ml.evaluation.scores import Baseline, ClassScore, Scores
from ml.evaluation.slices import SlicedColumn
from ml.evaluation.verdict import Comparison, compared, verdict
from ml.model.card import ClassifierCard
from trainshed.specs import Data


class EvaluationDocument(Measured):
    """The result of one evaluation."""

    classes: tuple[str, ...]
    metrics: dict[str, float]
    """See `ml.evaluation.scores`."""
    intervals: dict[str, Interval]
    """95 % bootstrap intervals of loss, accuracy and the macro metrics."""
    baseline: Baseline
    """Always answering with the most frequent class of training."""
    beats_baseline: bool
    """Whether the interval of the difference in accuracy lies above 0; so for the next."""
    logistic_regression: LogisticBaseline | None
    """Logistic regression on the pixels or columns; null for other data than that of training, or where it was not
    asked for."""
    beats_logistic_regression: bool | None
    comparisons: tuple[Comparison, ...] = ()
    """The differences in accuracy, with their intervals."""
    verdict: str
    """The model beside its baselines, in words."""
    risk: Risk | None = None
    """Where a class was named that must not be missed; metrics and confusion matrix are at its threshold then."""
    per_class: tuple[ClassScore, ...]
    confusion_matrix: tuple[tuple[int, ...], ...]
    """Rows are true classes, columns predicted ones, in the order of `classes`."""
    confused_pairs: tuple[ConfusedPair, ...]
    """Classes that are most often taken for each other."""
    most_confused: tuple[ConfusedExample, ...]
    """The wrong answers with the highest confidence."""
    calibration: tuple[Bin, ...]
    """Confidence against accuracy, in bins."""


def as_document(
    scores: Scores,
    baseline: Baseline,
    card: ClassifierCard,
    *,
    split: str,
    data: Data,
    data_digest: str,
    seen_in_training: int | None,
    intervals: dict[str, Interval],
    labels: Labels,
    answers: Labels,
    logistic: LogisticAnswers | None,
    most_confused: tuple[ConfusedExample, ...],
    risk: Risk | None = None,
    slices: tuple[SlicedColumn, ...] = (),
) -> EvaluationDocument:
    """Put scores and what they were measured on together; `labels` and `answers` (n,) are classes."""
    beside = {f"always answering {baseline.class_name}": labels == card.classes.index(baseline.class_name)}
    if logistic is not None:
        beside["logistic regression"] = logistic.right
    comparisons = compared(labels == answers, beside)
    return EvaluationDocument(
        model_name=card.name,
        weights_sha256=card.weights_sha256,
        split=split,
        examples=sum(score.support for score in scores.per_class),
        seen_in_training=seen_in_training,
        data=data,
        data_digest=data_digest,
        slices=slices,
        classes=card.classes,
        metrics=scores.metrics,
        intervals=intervals,
        baseline=baseline,
        beats_baseline=comparisons[0].is_won,
        logistic_regression=None if logistic is None else logistic.baseline,
        beats_logistic_regression=None if logistic is None else comparisons[-1].is_won,
        comparisons=comparisons,
        verdict=verdict(scores.metrics["accuracy"], comparisons),
        risk=risk,
        per_class=scores.per_class,
        confusion_matrix=scores.confusion,
        confused_pairs=confused_pairs(np.asarray(scores.confusion), class_names=card.classes),
        most_confused=most_confused,
        calibration=scores.calibration,
    )
