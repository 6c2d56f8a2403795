"""`evaluation.json` of a detector, format 1. Fields are added in later versions, never renamed."""

from __future__ import annotations

from ml.evaluation.intervals import Interval
from ml.evaluation.measured import Measured
from trainshed.specs import SpecModel


class DetectedClass(SpecModel):
    """How well the things of one class are found."""

    name: str
    boxes: int
    """True ones."""
    ap_50: float | None
    """Average precision; null for a class that does not occur."""
    ap_50_95: float | None


class ScorePoint(SpecModel):
    """What the boxes from a score on are worth, all classes together, at an overlap of 0.5."""

    score: float
    precision: float
    recall: float


class DetectionBaseline(SpecModel):
    """What one has without a model."""

    name: str
    map_50: float
    map_50_95: float


class DetectionDocument(Measured):
    """The result of one evaluation; `examples` are pictures."""

    classes: tuple[str, ...]
    boxes: int
    """True boxes on the pictures."""
    metrics: dict[str, float]
    """map_50, map_75, map_50_95 (the mean over overlaps of 0.5, 0.55, ... 0.95), all as COCO has them; and precision,
    recall and f1 of boxes from `threshold` on, at an overlap of 0.5."""
    intervals: dict[str, Interval]
    """95 % bootstrap intervals of them; pictures are drawn, not boxes."""
    threshold: float
    """The score from which on a box is an answer, from the model's card."""
    baseline: DetectionBaseline
    """On each picture the mean box of each class, the surest that of the most frequent class."""
    beats_baseline: bool
    """Whether the baseline lies below the interval of map_50."""
    verdict: str
    """The model beside its baseline, in words."""
    per_class: tuple[DetectedClass, ...]
    ap_by_overlap: dict[str, float]
    """mAP at each overlap."""
    by_score: tuple[ScorePoint, ...]
    """Precision and recall at up to 101 scores, from the highest to the lowest."""


def detection_verdict(map_50: float, interval: Interval, baseline: DetectionBaseline) -> str:
    """Return it in one sentence. A difference counts when the baseline lies outside of the 95 % interval."""
    compared = "No better than"
    if baseline.map_50 < interval.low:
        compared = "Better than"
    elif baseline.map_50 > interval.high:
        compared = "Worse than"
    return (
        f"{compared} {baseline.name}: mAP at an overlap of 0.5 is {map_50:.3f} [{interval.low:.3f},"
        f" {interval.high:.3f}] beside {baseline.map_50:.3f}."
    )
