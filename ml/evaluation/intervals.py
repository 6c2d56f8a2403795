"""Bootstrap intervals: how far each number would move with another draw of examples (Efron, 1979; percentile method).

To draw n examples anew is to draw the n entries of the confusion matrix anew, so all metrics that follow from the
matrix take one multinomial draw each, whatever the number of examples.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

_DRAWS: Final = 1000
_MOST_NUMBERS: Final = 4_000_000
"""Drawn at a time: bounds memory."""
_LEVEL: Final = 95.0


@dataclass(frozen=True, slots=True)
class Interval:
    """The middle 95 % of what resampling gives."""

    low: float
    high: float


def intervals(confusion: npt.NDArray[np.int64], losses: npt.NDArray[np.float64]) -> dict[str, Interval]:
    """Return the interval of loss, accuracy, and macro precision, recall and F1.

    `confusion` (classes, classes) counts true by predicted classes, `losses` (n,) are of the same examples. The draws
    are seeded: the same answers give the same intervals.
    """
    random = np.random.Generator(np.random.PCG64(0))
    drawn = _drawn_metrics(confusion, random)
    drawn["loss"] = _drawn_means(losses, random)
    return {name: middle(values) for name, values in drawn.items()}


def middle(values: npt.NDArray[np.float64]) -> Interval:
    """Return the middle 95 % of values."""
    low, high = np.percentile(values, [(100 - _LEVEL) / 2, (100 + _LEVEL) / 2])
    return Interval(float(low), float(high))


def _drawn_metrics(confusion: npt.NDArray[np.int64], random: np.random.Generator) -> dict[str, npt.NDArray[np.float64]]:
    classes, n = len(confusion), int(confusion.sum())
    at_once = max(1, _MOST_NUMBERS // confusion.size)
    pieces: dict[str, list[npt.NDArray[np.float64]]] = {}
    for start in range(0, _DRAWS, at_once):
        count = min(at_once, _DRAWS - start)
        drawn = random.multinomial(n, confusion.ravel() / n, size=count).reshape(count, classes, classes)
        for name, values in _metrics(drawn.astype(np.float64)).items():
            pieces.setdefault(name, []).append(values)
    return {name: np.concatenate(parts) for name, parts in pieces.items()}


def _metrics(drawn: npt.NDArray[np.float64]) -> dict[str, npt.NDArray[np.float64]]:
    """Return each metric of each matrix; a class that is never predicted has precision 0, as in `scores`."""
    hits = np.diagonal(drawn, axis1=1, axis2=2)
    true, predicted = drawn.sum(axis=2), drawn.sum(axis=1)
    precision = hits / np.maximum(predicted, 1)
    recall = hits / np.maximum(true, 1)
    f1 = 2 * hits / np.maximum(true + predicted, 1)
    return {
        "accuracy": hits.sum(axis=1) / drawn.sum(axis=(1, 2)),
        "precision_macro": precision.mean(axis=1),
        "recall_macro": recall.mean(axis=1),
        "f1_macro": f1.mean(axis=1),
    }


def _drawn_means(losses: npt.NDArray[np.float64], random: np.random.Generator) -> npt.NDArray[np.float64]:
    at_once = max(1, _MOST_NUMBERS // len(losses))
    counts = (min(at_once, _DRAWS - start) for start in range(0, _DRAWS, at_once))
    means = [losses[random.integers(0, len(losses), (count, len(losses)))].mean(axis=1) for count in counts]
    return np.concatenate(means)
