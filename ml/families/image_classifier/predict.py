"""Answers for images with a trained classifier: class and probabilities."""

from __future__ import annotations

import time
from collections.abc import Callable

from ml.data import load_dataset
from ml.data.asked_images import ask_images
from ml.families.predicting import (
    answered,
    leave_predictions,
    likeliest,
    open_asked,
    rows_of_classified,
)
from ml.job import RunSettings, Summary
from ml.model.card import ModelCard
from ml.predictions.tally import ClassCounts
from ml.report import Report
from ml.workspace import Workspace
from trainshed.specs import PredictSpec


def predict(
    spec: PredictSpec,
    workspace: Workspace,
    report: Report,
    *,
    settings: RunSettings,
    clock: Callable[[], float] = time.monotonic,
) -> Summary:
    """Write the predictions. Raises `InvalidData`, or `Diverged` for outputs that are no numbers."""
    asking = open_asked(spec, workspace, ModelCard, settings=settings)
    card = asking.card
    questions = ask_images(
        asking.data,
        card.input_shape,
        keep=spec.keep,
        chosen=rows_of_classified(spec, asking, load_dataset, settings=settings),
        roots=settings.data_roots,
        files=settings.data_files,
    )
    batches = answered(spec, questions, likeliest(spec, asking), report=report, clock=clock)
    return leave_predictions(spec, asking, batches, ClassCounts(card.classes), workspace, report)
