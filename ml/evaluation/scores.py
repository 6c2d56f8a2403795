"""Classification metrics, by scikit-learn's definitions. A class that is never predicted has precision 0."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from ml.data import Labels


@dataclass(frozen=True, slots=True)
class ClassScore:
    """One class; `support` is its number of examples."""

    name: str
    support: int
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True)
class Scores:
    """How well logits predict labels."""

    metrics: dict[str, float]
    """loss, accuracy; precision, recall and f1, each `_macro` (all classes count the same) and `_weighted`."""
    per_class: tuple[ClassScore, ...]
    confusion: tuple[tuple[int, ...], ...]
    """Rows are true classes, columns predicted ones."""


def score(labels: Labels, logits: npt.NDArray[np.float32], *, class_names: tuple[str, ...]) -> Scores:
    """Score logits (n, classes) against labels (n,). The loss is cross-entropy in nats, averaged over examples."""
    predicted = logits.argmax(axis=1)
    classes = np.arange(len(class_names))
    precision, recall, f1, support = precision_recall_fscore_support(labels, predicted, labels=classes, zero_division=0)
    by_class = [
        ClassScore(name, int(support[i]), float(precision[i]), float(recall[i]), float(f1[i]))
        for i, name in enumerate(class_names)
    ]
    metrics = {"loss": cross_entropy(labels, logits), "accuracy": float(np.mean(predicted == labels))}
    for name, values in (("precision", precision), ("recall", recall), ("f1", f1)):
        metrics[f"{name}_macro"] = float(np.mean(values))
        metrics[f"{name}_weighted"] = float(np.average(values, weights=support))
    confusion = confusion_matrix(labels, predicted, labels=classes)
    return Scores(metrics, tuple(by_class), tuple(tuple(int(count) for count in row) for row in confusion))


def cross_entropy(labels: Labels, logits: npt.NDArray[np.float32]) -> float:
    """Return the mean of -log softmax(logits)[label], computed in float64."""
    exact = logits.astype(np.float64)
    shifted = exact - exact.max(axis=1, keepdims=True)
    log_sum = np.log(np.exp(shifted).sum(axis=1))
    return float(np.mean(log_sum - shifted[np.arange(len(labels)), labels]))


@dataclass(frozen=True, slots=True)
class Baseline:
    """Always answering with the class that was most frequent in training."""

    class_name: str
    accuracy: float


def majority_baseline(labels: Labels, *, train_class_counts: tuple[int, ...], class_names: tuple[str, ...]) -> Baseline:
    """Return how well that does on `labels` (n,). Of equally frequent classes, the first counts."""
    majority = int(np.argmax(train_class_counts))
    return Baseline(class_names[majority], float(np.mean(labels == majority)))
