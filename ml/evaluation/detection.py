"""How good boxes are: average precision as COCO measures it, and precision and recall at a score.

Lin and others, "Microsoft COCO: common objects in context" (2014), https://cocodataset.org/#detection-eval . A box is
right when it overlaps a true one of its class that no surer box has taken; of several, the one it overlaps most.
Average precision is the mean of the precision at 101 recalls from 0 to 1, where the precision at a recall is the best
one at it or beyond. mAP is its mean over the classes that occur.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from ml.boxes.box_set import Boxes, BoxSet
from ml.boxes.peaks import Found
from ml.boxes.visible import areas
from ml.data.dataset import Labels

OVERLAPS: Final = tuple(round(0.5 + 0.05 * step, 2) for step in range(10))
"""Intersection over union from which on a box is right: 0.5 to 0.95."""
AT_HALF: Final = OVERLAPS.index(0.5)
AT_THREE_QUARTERS: Final = OVERLAPS.index(0.75)
_RECALLS: Final = np.linspace(0, 1, 101)
_NO_VALIDATION: Final = 0.3
"""The score from which on a box is an answer where nothing tells better."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """True boxes on `count` pictures; the arrays have as many entries as there are boxes."""

    count: int
    pictures: npt.NDArray[np.int64]
    """Place of the picture among those that are measured."""
    classes: Labels
    boxes: Boxes

    @classmethod
    def of(cls, pictures: BoxSet, rows: npt.NDArray[np.int64]) -> Truth:
        """Return the boxes of these rows."""
        counts = pictures.counts[rows]
        mine = np.concatenate(
            [np.arange(pictures.firsts[row], pictures.firsts[row + 1]) for row in rows] or [np.zeros(0, np.int64)]
        ).astype(np.int64)
        return cls(len(rows), np.repeat(np.arange(len(rows)), counts), pictures.classes[mine], pictures.boxes[mine])


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """The boxes found of one class, the surest first, and which are right."""

    scores: Floats
    pictures: npt.NDArray[np.int64]
    hits: npt.NDArray[np.bool_]
    """Shape (overlaps, boxes)."""
    true_counts: npt.NDArray[np.int64]
    """True boxes of the class on each picture, shape (pictures,)."""


def judge(truth: Truth, found: Found, *, n_classes: int) -> tuple[Judged, ...]:
    """Return for each class which of the boxes found are right, at each of `OVERLAPS`."""
    return tuple(_judged(truth, found, number) for number in range(n_classes))


def average_precision(judged: Judged, weights: npt.NDArray[np.int64] | None = None) -> Floats | None:
    """Return the average precision at each of `OVERLAPS`; None for a class that does not occur.

    `weights` (pictures,) says how often each picture counts, by default once.
    """
    of_picture = np.ones(len(judged.true_counts), np.int64) if weights is None else weights
    total = int(judged.true_counts @ of_picture)
    if not total:
        return None
    counts = of_picture[judged.pictures]
    so_many = np.cumsum(counts)
    return np.array([_area(np.cumsum(counts * hits), so_many, total) for hits in judged.hits])


def mean_average_precision(judged: tuple[Judged, ...], weights: npt.NDArray[np.int64] | None = None) -> Floats:
    """Return mAP at each of `OVERLAPS`, over the classes that occur."""
    each = [one for one in (average_precision(of_class, weights) for of_class in judged) if one is not None]
    return np.mean(each, axis=0) if each else np.zeros(len(OVERLAPS))


def at_score(
    judged: tuple[Judged, ...], threshold: float, weights: npt.NDArray[np.int64] | None = None
) -> Mapping[str, float]:
    """Return precision, recall and F1 of the boxes of all classes from this score on, at an overlap of 0.5."""
    right = said = true = 0
    for one in judged:
        of_picture = np.ones(len(one.true_counts), np.int64) if weights is None else weights
        counts = of_picture[one.pictures] * (one.scores >= threshold)
        right += int(counts @ one.hits[AT_HALF])
        said += int(counts.sum())
        true += int(one.true_counts @ of_picture)
    return {
        "precision": right / said if said else 0.0,
        "recall": right / true if true else 0.0,
        "f1": 2 * right / (said + true) if said + true else 0.0,
    }


def precision_recall(judged: tuple[Judged, ...]) -> tuple[Floats, Floats, Floats]:
    """Return scores, from the highest to the lowest, and precision and recall of the boxes from each on.

    All classes are together, at an overlap of 0.5; each array is of shape (boxes found,).
    """
    scores = np.concatenate([one.scores for one in judged])
    order = np.argsort(-scores, kind="stable")
    right = np.cumsum(np.concatenate([one.hits[AT_HALF] for one in judged])[order])
    true = sum(int(one.true_counts.sum()) for one in judged)
    return scores[order], right / np.arange(1, len(order) + 1), right / max(true, 1)


def best_threshold(truth: Truth, found: Found) -> float:
    """Return the score from which on F1 is the best, at an overlap of 0.5; 0.3 where there is nothing to tell by."""
    if not len(truth.classes) or not len(found.scores):
        return _NO_VALIDATION
    judged = judge(truth, found, n_classes=int(max(truth.classes.max(), found.classes.max())) + 1)
    scores, precision, recall = precision_recall(judged)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return float(scores[int(np.argmax(f1))])


def overlaps(one: Boxes, other: Boxes) -> Floats:
    """Return intersection over union of each of (n, 4) with each of (m, 4), shape (n, m)."""
    low = np.maximum(one[:, None, :2], other[None, :, :2])
    high = np.minimum(one[:, None, 2:], other[None, :, 2:])
    common = areas(np.concatenate([low, high], axis=-1)).astype(np.float64)
    united = areas(one).astype(np.float64)[:, None] + areas(other)[None, :] - common
    return np.asarray(common / np.maximum(united, 1e-9))


def _judged(truth: Truth, found: Found, number: int) -> Judged:
    mine = found.where(found.classes == number)
    mine = mine.where(np.argsort(-mine.scores, kind="stable"))
    is_true = truth.classes == number
    boxes, pictures = truth.boxes[is_true], truth.pictures[is_true]
    true = dict(_by_picture(pictures))
    hits = np.zeros((len(OVERLAPS), len(mine.scores)), bool)
    for picture, places in _by_picture(mine.pictures):
        if picture in true:
            hits[:, places] = _matched(overlaps(mine.boxes[places], boxes[true[picture]]))
    return Judged(mine.scores, mine.pictures, hits, np.bincount(pictures, minlength=truth.count))


def _by_picture(pictures: npt.NDArray[np.int64]) -> Iterator[tuple[int, npt.NDArray[np.int64]]]:
    """Yield each picture with the places that are of it, in their order."""
    if not len(pictures):
        return
    order = np.argsort(pictures, kind="stable")
    known, starts = np.unique(pictures[order], return_index=True)
    for picture, places in zip(known, np.split(order, starts[1:]), strict=True):
        yield int(picture), places


def _matched(overlap: Floats) -> npt.NDArray[np.bool_]:
    """Return which boxes, the surest first, are right at each of `OVERLAPS`, from their overlap (boxes, true boxes)."""
    hits = np.zeros((len(OVERLAPS), len(overlap)), bool)
    for at, least in enumerate(OVERLAPS):
        left = overlap.copy()
        for box in np.flatnonzero(overlap.max(axis=1) >= least):
            best = int(left[box].argmax())
            if left[box, best] >= least:
                hits[at, box] = True
                left[:, best] = -1
    return hits


def _area(right: npt.NDArray[np.int64], said: npt.NDArray[np.int64], total: int) -> float:
    """Return the mean precision over 101 recalls, of how many boxes were right and said so far."""
    if not len(right):
        return 0.0
    recall, precision = right / total, right / np.maximum(said, 1)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    reached = np.searchsorted(recall, _RECALLS - 1e-12, side="left")
    return float(np.append(best, 0.0)[reached].mean())
