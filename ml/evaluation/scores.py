"""Classification metrics, by scikit-learn's definitions. A class that is never predicted has precision 0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support, roc_auc_score

from ml.data import Labels
from ml.evaluation.calibration import Bin, calibration, calibration_error

_TOP: Final = (3, 5)


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
    """loss, accuracy; precision, recall and f1, each `_macro` (all classes count the same) and `_weighted`;
    calibration_error; `top_3_accuracy` and `top_5_accuracy` with more classes than that; roc_auc_macro, one class
    against the rest, over the classes that some examples are of and some are not."""
    per_class: tuple[ClassScore, ...]
    confusion: tuple[tuple[int, ...], ...]
    """Rows are true classes, columns predicted ones."""
    calibration: tuple[Bin, ...]
    """Data of the reliability diagram."""


def score(
    labels: Labels,
    logits: npt.NDArray[np.float32],
    *,
    class_names: tuple[str, ...],
    answers: Labels | None = None,
) -> Scores:
    """Score logits (n, classes) against labels (n,). The loss is cross-entropy in nats, averaged over examples.

    `answers` (n,) are what a threshold made of the logits; by default the likeliest class is the answer.
    """
    predicted = logits.argmax(axis=1) if answers is None else answers
    classes = np.arange(len(class_names))
    precision, recall, f1, support = precision_recall_fscore_support(labels, predicted, labels=classes, zero_division=0)
    by_class = [
        ClassScore(name, int(support[i]), float(precision[i]), float(recall[i]), float(f1[i]))
        for i, name in enumerate(class_names)
    ]
    chances = probabilities(logits)
    bins = calibration(labels, chances)
    metrics = {"loss": float(losses(labels, logits).mean()), "accuracy": float(np.mean(predicted == labels))}
    for name, values in (("precision", precision), ("recall", recall), ("f1", f1)):
        metrics[f"{name}_macro"] = float(np.mean(values))
        metrics[f"{name}_weighted"] = float(np.average(values, weights=support))
    metrics["calibration_error"] = calibration_error(bins)
    metrics |= _top_k(labels, logits) | _roc_auc(labels, chances)
    confusion = confusion_matrix(labels, predicted, labels=classes)
    return Scores(metrics, tuple(by_class), tuple(tuple(int(count) for count in row) for row in confusion), bins)


def losses(labels: Labels, logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Return -log softmax(logits)[label] of each example, shape (n,), computed in float64."""
    shifted = _shifted(logits)
    result: npt.NDArray[np.float64] = np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(labels)), labels]
    return result


def probabilities(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Return softmax(logits), shape (n, classes), computed in float64."""
    exponents = np.exp(_shifted(logits))
    result: npt.NDArray[np.float64] = exponents / exponents.sum(axis=1, keepdims=True)
    return result


def _shifted(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    exact = logits.astype(np.float64)
    result: npt.NDArray[np.float64] = exact - exact.max(axis=1, keepdims=True)
    return result


def _top_k(labels: Labels, logits: npt.NDArray[np.float32]) -> dict[str, float]:
    """Return the share of labels among the k likeliest classes; the label itself comes last among equal ones."""
    own = logits[np.arange(len(labels)), labels]
    before = (logits >= own[:, None]).sum(axis=1) - 1
    return {f"top_{k}_accuracy": float(np.mean(before < k)) for k in _TOP if logits.shape[1] > k}


def _roc_auc(labels: Labels, chances: npt.NDArray[np.float64]) -> dict[str, float]:
    members = np.bincount(labels, minlength=chances.shape[1])
    both = np.flatnonzero((members > 0) & (members < len(labels)))
    if not both.size:
        return {}
    areas = [roc_auc_score(labels == number, chances[:, number]) for number in both]
    return {"roc_auc_macro": float(np.mean(areas))}


@dataclass(frozen=True, slots=True)
class Baseline:
    """Always answering with the class that was most frequent in training."""

    class_name: str
    accuracy: float


def majority_baseline(labels: Labels, *, train_class_counts: tuple[int, ...], class_names: tuple[str, ...]) -> Baseline:
    """Return how well that does on `labels` (n,). Of equally frequent classes, the first counts."""
    majority = int(np.argmax(train_class_counts))
    return Baseline(class_names[majority], float(np.mean(labels == majority)))
