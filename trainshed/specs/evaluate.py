"""`kind: evaluate`: measure a trained model on data."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from trainshed.specs.base import JobId, SpecModel
from trainshed.specs.common import BaseSpec, ModelSource
from trainshed.specs.data import Data


class ModelOfJob(SpecModel):
    """A model by the train job that made it."""

    job: JobId
    """The train job. While it has not finished, the job that needs its model waits `blocked`."""


class EvaluateSpec(BaseSpec):
    """Measure accuracy, precision, recall, F1 and the confusion matrix of a trained model."""

    kind: Literal["evaluate"]
    model: ModelOfJob
    """The model to evaluate."""
    data: Data | None = None
    """Examples. Default: those of the train job, divided as it divided them."""
    split: Literal["train", "validation", "test", "all"] = "test"
    """Which share to measure on."""
    batch_size: Annotated[int, Field(ge=1, le=65_536)] = 256
    """Examples a step."""

    @property
    def model_source(self) -> ModelSource:
        return ModelSource("model.job", self.model.job)
