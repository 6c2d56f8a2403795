"""`evaluation.json` of a family that predicts quantities, format 1. Fields are added, never renamed."""

from __future__ import annotations

from ml.evaluation.intervals import Interval
from ml.evaluation.measured import Measured
from ml.evaluation.quantities import QuantityBaseline
from trainshed.specs import SpecModel


class WorstExample(SpecModel):
    """A prediction that is far from the truth."""

    row: int
    """Of the data, from 0."""
    true: float
    predicted: float


class QuantityDocument(Measured):
    """The result of one evaluation; quantities are in units of the data."""

    target: str
    """What is predicted: the name of its column."""
    metrics: dict[str, float]
    """rmse, mae and r2."""
    intervals: dict[str, Interval]
    """95 % bootstrap intervals of them."""
    baseline: QuantityBaseline
    """The plain one: for a table always answering the mean of the train part."""
    baselines: tuple[QuantityBaseline, ...]
    """All, the plain one first."""
    beats_baseline: bool
    """Whether the interval of `rmse_ratio` is below 1."""
    verdict: str
    """The model beside its baselines, in words."""
    worst: tuple[WorstExample, ...]
    """The largest errors."""
