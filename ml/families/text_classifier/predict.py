"""Answers for texts with a trained classifier: class and probabilities."""

from __future__ import annotations

import time
from collections.abc import Callable

from ml.families.predicting import (
    answered,
    leave_predictions,
    likeliest,
    open_asked,
    rows_of_classified,
)
from ml.families.text_classifier.card import TextCard
from ml.job import RunSettings, Summary
from ml.predictions.tally import ClassCounts
from ml.report import Report
from ml.texts import load_texts
from ml.texts.asked_texts import ask_texts
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
    asking = open_asked(spec, workspace, TextCard, settings=settings)
    card = asking.card
    questions = ask_texts(
        asking.data,
        card,
        column=card.column,
        keep=spec.keep,
        chosen=rows_of_classified(spec, asking, load_texts, settings=settings),
        roots=settings.data_roots,
        files=settings.data_files,
    )
    batches = answered(spec, questions, likeliest(spec, asking), report=report, clock=clock)
    return leave_predictions(spec, asking, batches, ClassCounts(card.classes), workspace, report)
