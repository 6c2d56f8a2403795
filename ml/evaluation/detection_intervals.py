"""Bootstrap intervals of a detector: pictures are drawn anew, each with all of its boxes (Efron, 1979)."""

from __future__ import annotations

from typing import Final

import numpy as np

from ml.evaluation.detection import AT_HALF, AT_THREE_QUARTERS, Judged, at_score, mean_average_precision
from ml.evaluation.intervals import Interval, middle

_DRAWS: Final = 200


def detection_metrics(
    judged: tuple[Judged, ...], threshold: float, weights: np.ndarray[tuple[int], np.dtype[np.int64]] | None = None
) -> dict[str, float]:
    """Return mAP at 0.5, at 0.75 and over all overlaps, and precision, recall and F1 from a score on."""
    each = mean_average_precision(judged, weights)
    return {
        "map_50": float(each[AT_HALF]),
        "map_75": float(each[AT_THREE_QUARTERS]),
        "map_50_95": float(each.mean()),
        **at_score(judged, threshold, weights),
    }


def detection_intervals(judged: tuple[Judged, ...], threshold: float) -> dict[str, Interval]:
    """Return the interval of each metric. The draws are seeded: the same boxes give the same intervals."""
    count = len(judged[0].true_counts)
    random = np.random.Generator(np.random.PCG64(0))
    drawn = [
        detection_metrics(judged, threshold, random.multinomial(count, np.full(count, 1 / count)))
        for _ in range(_DRAWS)
    ]
    return {name: middle(np.array([one[name] for one in drawn])) for name in drawn[0]}
