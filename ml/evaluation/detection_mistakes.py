"""How many mistakes a detector makes on each picture: true boxes that were not found, and boxes that are not true."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ml.boxes.peaks import Found
from ml.evaluation.detection import AT_HALF, Truth, judge


def mistakes(truth: Truth, answers: Found) -> npt.NDArray[np.int64]:
    """Return their number for each picture, shape (pictures,), at an overlap of 0.5."""
    most = max((int(each.max()) for each in (truth.classes, answers.classes) if len(each)), default=-1)
    right = np.zeros(truth.count, np.int64)
    for one in judge(truth, answers, n_classes=most + 1):
        right += np.bincount(one.pictures[one.hits[AT_HALF]], minlength=truth.count)
    boxes = np.bincount(truth.pictures, minlength=truth.count) + np.bincount(answers.pictures, minlength=truth.count)
    wrong: npt.NDArray[np.int64] = boxes - 2 * right
    return wrong
