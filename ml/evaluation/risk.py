"""How well a model finds the one class of two that must not be missed, and if its probabilities can be believed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score, roc_auc_score

from ml.evaluation.calibration import Bin, in_bins
from ml.evaluation.curves import AtThreshold, at_thresholds
from ml.evaluation.intervals import Interval, middle

_DRAWS: Final = 1000
_BINS: Final = 10

Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Risk:
    """Of one class. `metrics` are at the threshold: recall, precision, specificity; and without one: roc_auc,
    average_precision, brier (mean squared error of the probability). Those that need both classes are left out where
    there is one."""

    positive: str
    threshold: float
    """The answer is `positive` from this probability on."""
    asked_recall: float | None
    """What the threshold was chosen for, on the validation part."""
    metrics: dict[str, float]
    intervals: dict[str, Interval]
    """95 % bootstrap intervals."""
    reliability: tuple[Bin, ...]
    """The probability of the class (`confidence`) against how often it was that class (`accuracy`), in ten bins."""
    curve: tuple[AtThreshold, ...] = ()
    """What other thresholds would have come to, from the highest to the lowest."""


def threshold_for(recall: float, *, is_positive: Flags, chances: Floats) -> float:
    """Return the highest threshold at which so large a share of the positives (n,) has a probability above it.

    It lies in the middle between the lowest of these and what comes next below, so that the last bit of a probability
    decides nothing.
    """
    found = np.sort(chances[is_positive])[::-1]
    lowest = float(found[max(1, int(np.ceil(recall * len(found) - 1e-9))) - 1])
    below = chances[chances < lowest]
    return (lowest + (float(below.max()) if below.size else 0.0)) / 2


def measure_risk(
    *, positive: str, threshold: float, asked_recall: float | None, is_positive: Flags, chances: Floats
) -> Risk:
    """Measure probabilities of the class (n,) on examples of which `is_positive` (n,) are of it. Draws are seeded."""
    random = np.random.Generator(np.random.PCG64(0))
    drawn: dict[str, list[float]] = {}
    for _ in range(_DRAWS):
        rows = random.integers(0, len(chances), len(chances))
        for name, value in _at_threshold(is_positive[rows], chances[rows], threshold).items():
            drawn.setdefault(name, []).append(value)
    return Risk(
        positive=positive,
        threshold=threshold,
        asked_recall=asked_recall,
        metrics=_at_threshold(is_positive, chances, threshold) | _ranking(is_positive, chances),
        intervals={name: middle(np.array(values)) for name, values in drawn.items()},
        reliability=_reliability(is_positive, chances),
        curve=at_thresholds(is_positive, chances),
    )


def _at_threshold(is_positive: Flags, chances: Floats, threshold: float) -> dict[str, float]:
    said = chances >= threshold
    hits = int(np.count_nonzero(said & is_positive))
    positives, negatives = int(np.count_nonzero(is_positive)), int(np.count_nonzero(~is_positive))
    metrics = {"brier": float(np.mean((chances - is_positive) ** 2))}
    if positives:
        metrics["recall"] = hits / positives
        metrics["precision"] = hits / max(int(np.count_nonzero(said)), 1)
    if negatives:
        metrics["specificity"] = int(np.count_nonzero(~said & ~is_positive)) / negatives
    return metrics


def _ranking(is_positive: Flags, chances: Floats) -> dict[str, float]:
    if is_positive.all() or not is_positive.any():
        return {}
    return {
        "roc_auc": float(roc_auc_score(is_positive, chances)),
        "average_precision": float(average_precision_score(is_positive, chances)),
    }


def _reliability(is_positive: Flags, chances: Floats) -> tuple[Bin, ...]:
    places = np.minimum((chances * _BINS).astype(int), _BINS - 1)
    return in_bins(places, chances, is_positive, bins=_BINS)
