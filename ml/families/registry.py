"""Which module carries out which family of a spec. Each class of `trainshed.specs.model.FAMILIES` is here once."""

from __future__ import annotations

from typing import Final, Protocol

from ml.families import (
    forecaster,
    image_classifier,
    object_detector,
    recommender,
    tabular_classifier,
    tabular_regressor,
    text_classifier,
    translator,
)
from ml.job import RunSettings, Summary
from ml.report import Report
from ml.workspace import Workspace
from trainshed.specs import EvaluateSpec, PredictSpec, TrainSpec


class _Train(Protocol):
    def __call__(self, spec: TrainSpec, workspace: Workspace, report: Report, *, settings: RunSettings) -> Summary: ...


class _Evaluate(Protocol):
    def __call__(
        self, spec: EvaluateSpec, workspace: Workspace, report: Report, *, settings: RunSettings
    ) -> Summary: ...


class _Predict(Protocol):
    def __call__(
        self, spec: PredictSpec, workspace: Workspace, report: Report, *, settings: RunSettings
    ) -> Summary: ...


class Family(Protocol):
    """A kind of model, as a module."""

    @property
    def train(self) -> _Train:
        """Fit a model and leave it with its card. Raises `InvalidData` or `Diverged`."""

    @property
    def evaluate(self) -> _Evaluate:
        """Measure `inputs/model.keras` beside baselines. Raises `InvalidData` or `Diverged`."""

    @property
    def predict(self) -> _Predict:
        """Answer with `inputs/model.keras` for data without labels. Raises `InvalidData` or `Diverged`.

        `ml.families.predicting` has all but two things: how the data is read without labels, prepared as it was for
        training (`Questions`), and what the outputs for a batch mean (columns by name).
        """


FAMILIES: Final[dict[str, Family]] = {
    "image_classifier": image_classifier,
    "tabular_classifier": tabular_classifier,
    "tabular_regressor": tabular_regressor,
    "text_classifier": text_classifier,
    "forecaster": forecaster,
    "object_detector": object_detector,
    "recommender": recommender,
    "translator": translator,
}
