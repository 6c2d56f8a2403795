"""What every document of an evaluation says of what it is about."""

from __future__ import annotations

from typing import Literal

from ml.evaluation.slices import SlicedColumn
from trainshed.specs import Data, SpecModel


class Measured(SpecModel):
    """A model, and the examples that it was measured on."""

    format_version: Literal[1] = 1
    model_name: str
    weights_sha256: str
    split: str
    """train, validation, test or all."""
    examples: int
    """Their number; of a forecaster that of forecasts, each of all steps."""
    seen_in_training: int | None
    """How many of the examples the model was trained on; null for other data, where that is not known."""
    data: Data
    data_digest: str
    slices: tuple[SlicedColumn, ...] = ()
    """Scores by the values of the columns that were asked for."""
