"""`kind: evaluate`: measure a trained model on data."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from trainshed.specs.base import JobId, SpecModel
from trainshed.specs.common import BaseSpec, ModelSource
from trainshed.specs.data import Data
from trainshed.specs.step import ColumnName


class ModelOfJob(SpecModel):
    """A model by the train job that made it."""

    job: JobId
    """The train job. While it has not finished, the job that needs its model waits `blocked`."""


class EvaluateSpec(BaseSpec):
    """Measure a trained model beside baselines: evaluation.json for programs, report.html for people."""

    kind: Literal["evaluate"]
    model: ModelOfJob
    """The model to evaluate."""
    data: Data | None = None
    """Examples. Default: those of the train job, divided as it divided them."""
    split: Literal["train", "validation", "test", "all"] = "test"
    """Which share to measure on."""
    batch_size: Annotated[int, Field(ge=1, le=65_536)] = 256
    """Examples a step."""
    logistic_regression: bool = True
    """Whether to fit logistic regression on some of the training examples, as a baseline. It takes seconds."""
    slices: Annotated[tuple[ColumnName, ...], Field(max_length=20)] = ()
    """Of tables, texts in a table and series: columns by whose values the scores are given as well, also such as the
    model ignores. Numbers are cut at their quartiles; values that fewer than 20 examples have are put together."""
    pictures: Annotated[int, Field(ge=0, le=200)] = 24
    """How many of the most confused examples the report shows."""

    @property
    def model_source(self) -> ModelSource:
        return ModelSource("model.job", self.model.job)
