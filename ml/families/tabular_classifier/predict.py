"""Answers for the rows of a table with a trained classifier: class, probabilities, and the risk where there is one."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.evaluation.scores import probabilities
from ml.families.predicting import (
    answered,
    answering,
    class_columns,
    leave_predictions,
    open_asked,
    rows_of_classified,
)
from ml.families.tabular_classifier.card import TabularCard
from ml.families.tabular_classifier.evaluate import answers
from ml.job import RunSettings, Summary
from ml.predictions.tally import ClassCounts
from ml.report import Report, warn
from ml.tables import load_table
from ml.tables.asked_table import ask_table
from ml.tables.gaps import Gaps
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
    """Write the predictions. With a threshold, `prediction` is the answer at it, and `risk` the probability it is of.

    Raises `InvalidData`, or `Diverged` for outputs that are no numbers.
    """
    asking = open_asked(spec, workspace, TabularCard, settings=settings)
    card = asking.card
    gaps = Gaps()
    questions = ask_table(
        asking.data,
        card,
        keep=spec.keep,
        chosen=rows_of_classified(spec, asking, load_table, settings=settings),
        roots=settings.data_roots,
        files=settings.data_files,
        gaps=gaps,
    )
    forward = answering(asking.model)

    def answer(rows: npt.NDArray[np.float32]) -> dict[str, Any]:
        chances = probabilities(forward(rows))
        columns = class_columns(spec, card.classes, answers(card, chances), chances)
        if card.threshold is not None:
            columns["risk"] = chances[:, card.classes.index(card.threshold.positive)]
        return columns

    batches = answered(spec, questions, answer, report=report, clock=clock)
    risk = {} if card.threshold is None else {"positive": card.threshold.positive, "threshold": card.threshold.at}
    summary = leave_predictions(
        spec, asking, batches, ClassCounts(card.classes), workspace, report, beside=lambda: risk | gaps.facts()
    )
    warn(report, gaps.warnings())
    return summary
