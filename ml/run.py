"""Runs one job: `run(spec, workdir, report, settings=...)`.

Everything it reads is the spec, `workdir/inputs`, the data roots and the data files; everything it leaves is in
`workdir/output`.
The same spec, data, seed, threads and library versions give the same numbers and the same weights, bit for bit.
"""

from __future__ import annotations

from pathlib import Path
from typing import assert_never

import tensorflow as tf

from ml.errors import OutOfMemory
from ml.families.registry import FAMILIES
from ml.job import DataFile, RunSettings, Summary
from ml.model.card import FILE_NAME, family_of
from ml.prepare import prepare
from ml.profile import profile
from ml.report import Report
from ml.workspace import Workspace
from trainshed.specs import EvaluateSpec, PredictSpec, PreprocessSpec, ProfileSpec, TrainSpec

__all__ = ["DataFile", "RunSettings", "Summary", "run"]

MlSpec = TrainSpec | EvaluateSpec | PredictSpec | PreprocessSpec | ProfileSpec


def run(spec: MlSpec, workdir: Path, report: Report, *, settings: RunSettings) -> Summary:
    """Run the job in `workdir` and return how it came out.

    Raises `InvalidData`, `Diverged` or `OutOfMemory`, all `JobError`s with detail and remedy.
    """
    try:
        with Workspace(workdir).opened() as workspace:
            return _dispatch(spec, workspace, report, settings)
    except (MemoryError, tf.errors.ResourceExhaustedError) as error:
        first_line = str(error).split("\n", maxsplit=1)[0] or "an allocation failed"
        raise OutOfMemory(f"The job ran out of memory: {first_line}.") from error


def _dispatch(spec: MlSpec, workspace: Workspace, report: Report, settings: RunSettings) -> Summary:
    match spec:
        case TrainSpec():
            return FAMILIES[spec.model.family].train(spec, workspace, report, settings=settings)
        case EvaluateSpec():
            family = family_of(workspace.inputs / FILE_NAME)
            return FAMILIES[family].evaluate(spec, workspace, report, settings=settings)
        case PredictSpec():
            family = family_of(workspace.inputs / FILE_NAME)
            return FAMILIES[family].predict(spec, workspace, report, settings=settings)
        case PreprocessSpec():
            return prepare(spec, workspace, report, settings=settings)
        case ProfileSpec():
            return profile(spec, workspace, report, settings=settings)
        case _:
            assert_never(spec)
