"""`evaluation.json`, format 1. Fields are added in later versions, never renamed."""

from __future__ import annotations

from typing import Literal

from ml.evaluation.scores import Baseline, ClassScore, Scores
from ml.model.card import ModelCard
from trainshed.specs import Data, SpecModel


class EvaluationDocument(SpecModel):
    """The result of one evaluation."""

    format_version: Literal[1] = 1
    model_name: str
    weights_sha256: str
    split: str
    """train, validation, test or all."""
    examples: int
    seen_in_training: int | None
    """How many of the examples the model was trained on; null for other data, where that is not known."""
    data: Data
    data_digest: str
    classes: tuple[str, ...]
    metrics: dict[str, float]
    """loss, accuracy, and precision, recall, f1, each `_macro` and `_weighted`."""
    baseline: Baseline
    """Always answering with the most frequent class of training."""
    beats_baseline: bool
    per_class: tuple[ClassScore, ...]
    confusion_matrix: tuple[tuple[int, ...], ...]
    """Rows are true classes, columns predicted ones, in the order of `classes`."""


def as_document(
    scores: Scores,
    baseline: Baseline,
    card: ModelCard,
    *,
    split: str,
    data: Data,
    data_digest: str,
    seen_in_training: int | None,
) -> EvaluationDocument:
    """Put scores and what they were measured on together."""
    return EvaluationDocument(
        model_name=card.name,
        weights_sha256=card.weights_sha256,
        split=split,
        examples=sum(score.support for score in scores.per_class),
        seen_in_training=seen_in_training,
        data=data,
        data_digest=data_digest,
        classes=card.classes,
        metrics=scores.metrics,
        baseline=baseline,
        beats_baseline=scores.metrics["accuracy"] > baseline.accuracy,
        per_class=scores.per_class,
        confusion_matrix=scores.confusion,
    )
