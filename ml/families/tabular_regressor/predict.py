"""Answers for the rows of a table with a trained model of a quantity, in units of the training data."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.families.predicting import answered, answering, leave_predictions, open_asked, rows_of_split
from ml.families.tabular_regressor.card import RegressorCard
from ml.job import RunSettings, Summary
from ml.predictions.tally import PREDICTION, Range
from ml.report import Report, warn
from ml.tables import load_quantities
from ml.tables.asked_table import ask_table
from ml.tables.division import divide_quantities
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
    """Write the predictions. Raises `InvalidData`, or `Diverged` for outputs that are no numbers."""
    asking = open_asked(spec, workspace, RegressorCard, settings=settings)
    chosen = rows_of_split(
        spec,
        asking,
        load_quantities,
        divide_quantities,
        settings=settings,
    )
    gaps = Gaps()
    questions = ask_table(
        asking.data,
        asking.card,
        keep=spec.keep,
        chosen=chosen,
        roots=settings.data_roots,
        files=settings.data_files,
        gaps=gaps,
    )
    forward = answering(asking.model)

    def answer(rows: npt.NDArray[np.float32]) -> dict[str, Any]:
        return {PREDICTION: forward(rows)[:, 0].astype(np.float64)}

    batches = answered(spec, questions, answer, report=report, clock=clock)
    summary = leave_predictions(spec, asking, batches, Range(), workspace, report, beside=gaps.facts)
    warn(report, gaps.warnings())
    return summary
