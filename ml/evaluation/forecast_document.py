"""`evaluation.json` of a forecaster, format 1. Fields are added in later versions, never renamed."""

from __future__ import annotations

from ml.evaluation.intervals import Interval
from ml.evaluation.measured import Measured
from ml.evaluation.quantities import QuantityBaseline
from trainshed.specs import SpecModel


class Step(SpecModel):
    """How good forecasts are so many steps ahead."""

    ahead: int
    mae: float
    baseline_mae: float
    """Of the first baseline."""
    interval_coverage: float


class ForecastDocument(Measured):
    """The result of one evaluation; quantities are in units of the data."""

    target: str
    """What is forecast: the name of its column."""
    metrics: dict[str, float]
    """Over all steps: rmse, mae, r2, mase (mae by that of the seasonal naive forecast in training), smape (0 to 2), the
    share of truths in the interval, and how often the first step goes where it was said to."""
    intervals: dict[str, Interval]
    """95 % bootstrap intervals of rmse, mae and r2; forecasts that overlap are drawn together."""
    baseline: QuantityBaseline
    """Seasonal naive, or persistence for series without a season."""
    baselines: tuple[QuantityBaseline, ...]
    """All, the plain one first."""
    beats_baseline: bool
    """Whether the interval of `rmse_ratio` is below 1."""
    verdict: str
    """The model beside its baselines, in words."""
    asked_coverage: float
    """Share of truths that shall be in the interval."""
    steps: tuple[Step, ...]

    @property
    def mae_ratio(self) -> float:
        """MAE of the model by that of the baseline."""
        theirs = self.baseline.metrics["mae"]
        return self.metrics["mae"] / theirs if theirs else 1.0
