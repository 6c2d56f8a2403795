"""`kind: train`: fit a model to data."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from trainshed.specs.base import SpecModel
from trainshed.specs.common import BaseSpec, Checkpoint
from trainshed.specs.data import Data
from trainshed.specs.preprocess import AnyStep, check_order


class Model(SpecModel):
    """Which model to build."""

    family: Literal["image_classifier"]
    """The family of models; it also fixes loss and metrics."""
    preset: Literal["cnn_small"] = "cnn_small"
    """Architecture. `cnn_small`: Conv32-Pool-Conv64-Pool-Conv64-Flatten-Dense64-Dense(classes)."""


class Training(SpecModel):
    """The recipe."""

    epochs: Annotated[int, Field(ge=1, le=100_000)] = 10
    """Passes over the training examples."""
    batch_size: Annotated[int, Field(ge=1, le=65_536)] = 32
    """Examples a step."""
    optimizer: Literal["adam"] = "adam"
    """Rule by which weights follow gradients."""
    learning_rate: Annotated[float, Field(gt=0, le=10)] = 0.001
    """Step size of the optimizer."""
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    """Seed of the initial weights, of the order of the examples and of augmentation."""
    report_every_steps: Annotated[int, Field(ge=1)] | None = None
    """Report loss and accuracy each so many steps, beside each epoch. Default: about 20 times an epoch."""


class TrainSpec(BaseSpec):
    """Train a model, keep it with its card, and report metrics on the way."""

    kind: Literal["train"]
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
