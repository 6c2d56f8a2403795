"""`kind: train`: fit a model to data."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from trainshed.specs.augment import RandomCrop
from trainshed.specs.common import BaseSpec, Checkpoint, ModelSource, Retry, RetryBudget
from trainshed.specs.data import Data
from trainshed.specs.guards import Guards
from trainshed.specs.model import AnyModel, ImageClassifier
from trainshed.specs.preprocess import AnyStep, check_order, refuse_other_steps
from trainshed.specs.recipe import Training


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
    model: AnyModel
    """The model to train."""
    training: Training = Training()
    """How to train it."""
    checkpoint: Checkpoint = Checkpoint()
    """Which states of the model to keep."""
    guards: Guards = Guards()
    """When to end it because nothing will come of it."""
    export: Annotated[tuple[Literal["saved_model", "tensorboard"], ...], Field(max_length=2)] = ()
    """Forms beside model.keras. `saved_model`: a SavedModel that takes what model.keras takes and gives probabilities
    and class names. `tensorboard`: event files with the metrics of each epoch."""

    @model_validator(mode="after")
    def _refuse_what_the_family_does_not_take(self) -> TrainSpec:
        family, takes = self.model.family, self.model.takes
        takes_pictures = takes in {"images", "pictures with boxes"}
        if takes_pictures and self.data.columns is not None:
            raise PydanticCustomError(
                "columns", "data.columns is for tables, and {family} takes {takes}", {"family": family, "takes": takes}
            )
        if not takes_pictures and self.data.images is not None:
            raise PydanticCustomError(
                "images", "data.images is for images, and {family} takes {takes}", {"family": family, "takes": takes}
            )
        refuse_other_steps(self.preprocess, takes=takes, who=family)
        said = set() if self.data.columns is None else self.data.columns.said
        if said - self.model.columns:
            raise PydanticCustomError(
                "columns",
                "data.columns.{field} has no meaning for {family}; it knows {known}",
                {
                    "field": min(said - self.model.columns),
                    "family": family,
                    "known": ", ".join(sorted(self.model.columns)),
                },
            )
        return self

    @model_validator(mode="after")
    def _refuse_mirrors_beside_boxes(self) -> TrainSpec:
        mirrors = (isinstance(step, RandomCrop) and step.border == "reflect" for step in self.preprocess)
        if self.model.learns == "boxes" and any(mirrors):
            raise PydanticCustomError(
                "boxes", "random_crop shows things in its border that have no box: set border: constant"
            )
        return self

    @model_validator(mode="after")
    def _refuse_what_needs_classes(self) -> TrainSpec:
        if self.model.learns == "classes":
            return self
        recipe, stopping = self.training, self.training.early_stopping
        named = {
            "label_smoothing": recipe.label_smoothing > 0 and self.model.learns != "sequences",
            "class_weights": recipe.class_weights is not None,
            "early_stopping.monitor: validation_accuracy": self.model.learns == "quantities"
            and stopping is not None
            and stopping.monitor == "validation_accuracy",
        }
        for field, is_given in named.items():
            if is_given:
                raise PydanticCustomError(
                    "classes",
                    "training.{field} is for classifiers, and {family} is none",
                    {"field": field, "family": self.model.family},
                )
        return self

    @property
    def augments(self) -> bool:
        """Whether a step runs in training only."""
        return any(step.augments for step in self.preprocess)

    @property
    def model_source(self) -> ModelSource | None:
        origin = self.model.init_from if isinstance(self.model, ImageClassifier) else None
        return ModelSource("model.init_from.job", origin.job) if origin else None
