"""How far confidence can be believed: expected calibration error (Guo et al., 2017) and the data of its diagram."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from ml.data import Labels

BINS: Final = 15


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers whose confidence lies above `low` and up to `high`; the means are null where there are none."""

    low: float
    high: float
    count: int
    confidence: float | None
    accuracy: float | None


def calibration(labels: Labels, probabilities: npt.NDArray[np.float64]) -> tuple[Bin, ...]:
    """Divide the answers on labels (n,) with probabilities (n, classes) by their confidence, in 15 equal bins."""
    confidence = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == labels
    places = np.clip(np.ceil(confidence * BINS).astype(int) - 1, 0, BINS - 1)
    return in_bins(places, confidence, correct, bins=BINS)


def in_bins(
    places: npt.NDArray[np.int64], confidence: npt.NDArray[np.float64], correct: npt.NDArray[np.bool_], *, bins: int
) -> tuple[Bin, ...]:
    """Return so many equal bins; `places` (n,) says in which one the answers (n,) are."""
    return tuple(_bin(number, bins, confidence[places == number], correct[places == number]) for number in range(bins))


def calibration_error(bins: tuple[Bin, ...]) -> float:
    """Return the mean distance between confidence and accuracy, weighed by the answers of each bin."""
    total = sum(found.count for found in bins)
    distances = (
        found.count * abs(found.confidence - found.accuracy)
        for found in bins
        if found.confidence is not None and found.accuracy is not None
    )
    return sum(distances) / total


def _bin(number: int, bins: int, confidence: npt.NDArray[np.float64], correct: npt.NDArray[np.bool_]) -> Bin:
    some = len(confidence) > 0
    return Bin(
        low=number / bins,
        high=(number + 1) / bins,
        count=len(confidence),
        confidence=float(confidence.mean()) if some else None,
        accuracy=float(correct.mean()) if some else None,
    )
