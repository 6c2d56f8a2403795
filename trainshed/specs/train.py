"""`kind: train`: fit a model to data."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from trainshed.specs.base import SpecModel
from trainshed.specs.common import BaseSpec, Checkpoint, ModelSource, Retry, RetryBudget
from trainshed.specs.data import Data
from trainshed.specs.evaluate import ModelOfJob
from trainshed.specs.guards import Guards
from trainshed.specs.preprocess import AnyStep, check_order
from trainshed.specs.recipe import Training


class Model(SpecModel):
    """Which model to build."""

    family: Literal["image_classifier"]
    """The family of models; it also fixes loss and metrics."""
    preset: Literal["cnn_small", "cnn_bn", "resnet_small"] = "cnn_small"
    """Architecture. `cnn_small`: Conv32-Pool-Conv64-Pool-Conv64-Flatten-Dense64-Dense(classes). `cnn_bn`: the same with
    batch normalisation, padding and dropout. `resnet_small`: three stages of residual blocks, 32-64-128."""
    dropout: Annotated[float, Field(ge=0, lt=1)] | None = None
    """Share of the numbers before the last layers that each step leaves out. Default: cnn_bn 0.3, others none."""
    init_from: ModelOfJob | None = None
    """Begin with the weights of a train job with the same preset. Layers whose shape differs begin anew, and so does
    the last one when the classes differ."""


class TrainRetryBudget(RetryBudget):
    """As for other jobs, but that a training may be too large for the memory as a whole and fit in halves."""

    out_of_memory: Annotated[int, Field(ge=0, le=100)] = 1
    """The job went beyond its memory limit, or memory could not be had. It begins anew with half the batch and twice
    the `accumulate_steps`, so that the weights change by as many examples as before."""


class TrainRetry(Retry):
    """Whether and when an attempt that did not succeed is tried again."""

    budget: TrainRetryBudget = TrainRetryBudget()
    """Retries by outcome of the attempt."""


class TrainSpec(BaseSpec):
    """Train a model, keep it with its card, and report metrics on the way."""

    kind: Literal["train"]
    retry: TrainRetry = TrainRetry()
    """What happens after an attempt that did not succeed."""
    data: Data
    """Examples."""
    preprocess: Annotated[tuple[AnyStep, ...], Field(max_length=64), AfterValidator(check_order)] = ()
    """Steps between data and model, in order."""
    model: Model
    """The model to train."""
    training: Training = Training()
    """How to train it."""
    checkpoint: Checkpoint = Checkpoint()
    """Which states of the model to keep."""
    guards: Guards = Guards()
    """When to end it because nothing will come of it."""
    export: Annotated[tuple[Literal["saved_model", "tensorboard"], ...], Field(max_length=2)] = ()
    """Forms beside model.keras. `saved_model`: a SavedModel that takes raw images and gives probabilities and class
    names, preprocessing included. `tensorboard`: event files with the metrics of each epoch."""

    @property
    def model_source(self) -> ModelSource | None:
        origin = self.model.init_from
        return ModelSource("model.init_from.job", origin.job) if origin else None
