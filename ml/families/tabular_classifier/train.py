"""Trains a classifier of the rows of a table: encoding, network, epochs, threshold, export.

Writes `model.keras` (encoded rows in, logits out), `model.json`, `MODEL_CARD.md`, and checkpoints where asked for.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import keras
import numpy as np
import numpy.typing as npt

from ml.data import Parts, divide
from ml.errors import InvalidData
from ml.evaluation.risk import threshold_for
from ml.evaluation.scores import probabilities
from ml.families.fitting import Task, describe, fit_task, refuse_watching_nothing, warn_of_slow_precision
from ml.families.leaving import class_counts, common_fields, facts, leave, trained_on
from ml.families.measuring import compiled
from ml.families.rows import PRESETS
from ml.families.rows_prepared import prepare_rows, source_of
from ml.families.tabular_classifier.card import TabularCard, Threshold, card_text
from ml.job import RunSettings, Summary
from ml.model.file import with_preprocessing
from ml.precision import computing_in
from ml.report import Report, warn
from ml.runtime import set_up
from ml.tables import Preparation, Table, encoder, load_table, table_findings
from ml.tables.encoding import feature_count
from ml.training.cross_entropy import make_cross_entropy
from ml.training.loop import Prepared
from ml.workspace import Workspace
from trainshed.specs import TabularClassifier, TrainSpec


def train(
    spec: TrainSpec,
    workspace: Workspace,
    report: Report,
    *,
    settings: RunSettings,
    clock: Callable[[], float] = time.monotonic,
) -> Summary:
    """Train and export. Raises `InvalidData` or `Diverged`."""
    assert isinstance(spec.model, TabularClassifier)
    set_up(threads=settings.threads, seed=spec.training.seed)
    table = load_table(spec.data, roots=settings.data_roots, files=settings.data_files)
    parts = divide(table, spec.data.split)
    refuse_watching_nothing(spec, parts)
    _refuse_unknown_positive(spec.model, table, parts)
    warn_of_slow_precision(spec, report)
    prepared = prepare_rows(spec, table, parts.train)
    task = _task(spec, spec.model, table, parts, prepared)
    report.message(describe(table.source, task, learns=f"{len(table.class_names)} classes"))
    found = table_findings(table, parts)
    warn(report, found)

    def prepare(name: str) -> Prepared:
        if name == "train":
            return Prepared(prepared.train, table.labels[prepared.kept])
        rows = parts.rows(name)
        return Prepared(encoder(prepared, table)(rows), table.labels[rows])

    fitted = fit_task(spec, task, prepare, workspace, report, settings=settings, clock=clock)
    card = TabularCard(
        **common_fields(fitted, task, settings),
        classes=table.class_names,
        input_shape=(feature_count(prepared.encoding),),
        data=trained_on(
            fitted.spec,
            table,
            task,
            findings=found,
            class_counts=class_counts(table, parts),
            left_out=prepared.left_out,
        ),
        reads=prepared.reads,
        steps=prepared.steps,
        encoding=prepared.encoding,
        threshold=_threshold(spec.model, table, task, prepare("validation")),
    )
    leave(task.model, card, card_text(card), fitted.spec, workspace)
    return Summary(metrics=card.metrics, facts=facts(card))


def _refuse_unknown_positive(model: TabularClassifier, table: Table, parts: Parts) -> None:
    if model.positive is None:
        return
    if len(table.class_names) != 2 or model.positive not in table.class_names:
        raise InvalidData(
            f"model.positive is {model.positive!r}, and {table.label} has the classes {', '.join(table.class_names)}.",
            remedy="Name one of two classes, or leave model.positive and model.recall out.",
            field="model.positive",
        )
    number = table.class_names.index(model.positive)
    if model.recall is not None and not np.any(table.labels[parts.validation] == number):
        raise InvalidData(
            f"model.recall is reached on the validation part, which has no row of {model.positive}.",
            remedy="Raise data.split.validation, or leave model.recall out.",
            field="model.recall",
        )


def _task(spec: TrainSpec, model: TabularClassifier, table: Table, parts: Parts, prepared: Preparation) -> Task:
    features = feature_count(prepared.encoding)
    with computing_in(spec.training.precision):
        network = PRESETS[model.preset](features, len(table.class_names), dropout=model.dropout)
    return Task(
        network=network,
        model=with_preprocessing((), network, input_shape=(features,), input_name="rows", name=model.family),
        objective=make_cross_entropy(
            spec.training, class_counts=class_counts(table, parts), class_names=table.class_names
        ),
        data_digest=table.digest,
        parts=parts,
        source=source_of(spec, prepared),
        augments=spec.augments,
        left_out=len(parts.train) - len(prepared.kept),
    )


def _threshold(model: TabularClassifier, table: Table, task: Task, validation: Prepared) -> Threshold | None:
    if model.positive is None:
        return None
    if model.recall is None:
        return Threshold(positive=model.positive, at=0.5, recall=None)
    number = table.class_names.index(model.positive)
    at = threshold_for(
        model.recall,
        is_positive=validation.targets == number,
        chances=_probabilities(task.model, validation.inputs)[:, number],
    )
    return Threshold(positive=model.positive, at=at, recall=model.recall)


def _probabilities(model: keras.Model, rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    return probabilities(np.asarray(compiled(model)(rows)))
