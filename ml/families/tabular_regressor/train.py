"""Trains a model that predicts a quantity of the rows of a table: encoding, network, epochs, export.

Writes `model.keras` (encoded rows in, the quantity out), `model.json`, `MODEL_CARD.md`, and checkpoints if asked for.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import keras
import numpy as np

from ml.data.split import Parts
from ml.families.fitting import Task, describe, fit_task, refuse_watching_nothing, warn_of_slow_precision
from ml.families.leaving import common_fields, facts, leave, trained_on
from ml.families.rows import PRESETS
from ml.families.rows_prepared import prepare_rows, source_of
from ml.families.tabular_regressor.card import Quantity, RegressorCard, card_text
from ml.job import RunSettings, Summary
from ml.precision import computing_in
from ml.report import Report, warn
from ml.runtime import set_up
from ml.tables import Preparation, QuantityTable, encoder, load_quantities, table_findings
from ml.tables.division import divide_quantities
from ml.tables.encoding import feature_count
from ml.training.loop import Prepared
from ml.training.squared_error import SquaredError
from ml.workspace import Workspace
from trainshed.specs import TabularRegressor, TrainSpec


def train(
    spec: TrainSpec,
    workspace: Workspace,
    report: Report,
    *,
    settings: RunSettings,
    clock: Callable[[], float] = time.monotonic,
) -> Summary:
    """Train and export. Raises `InvalidData` or `Diverged`."""
    assert isinstance(spec.model, TabularRegressor)
    set_up(threads=settings.threads, seed=spec.training.seed)
    table = load_quantities(spec.data, roots=settings.data_roots, files=settings.data_files)
    parts = divide_quantities(table, spec.data.split)
    refuse_watching_nothing(spec, parts)
    warn_of_slow_precision(spec, report)
    prepared = prepare_rows(spec, table, parts.train)
    quantity = _quantity(table, prepared)
    task = _task(spec, spec.model, table, parts, prepared, quantity)
    report.message(describe(table.source, task, learns=f"the quantity {table.label}"))
    found = table_findings(table, parts)
    warn(report, found)

    def prepare(name: str) -> Prepared:
        rows = prepared.kept if name == "train" else parts.rows(name)
        standardised = (table.quantities[rows] - quantity.mean) / quantity.deviation
        inputs = prepared.train if name == "train" else encoder(prepared, table)(rows)
        return Prepared(inputs, standardised.astype(np.float32))

    fitted = fit_task(spec, task, prepare, workspace, report, settings=settings, clock=clock)
    card = RegressorCard(
        **common_fields(fitted, task, settings),
        input_shape=(feature_count(prepared.encoding),),
        data=trained_on(fitted.spec, table, task, findings=found, left_out=prepared.left_out),
        reads=prepared.reads,
        steps=prepared.steps,
        encoding=prepared.encoding,
        quantity=quantity,
    )
    leave(task.model, card, card_text(card), fitted.spec, workspace)
    return Summary(metrics=card.metrics, facts=facts(card))


def _quantity(table: QuantityTable, prepared: Preparation) -> Quantity:
    seen = table.quantities[prepared.kept]
    # A train part in which it never changes has deviation 0: there is nothing to learn, and nothing to divide by.
    return Quantity(name=table.label, mean=float(seen.mean()), deviation=float(seen.std()) or 1.0)


def _task(
    spec: TrainSpec,
    model: TabularRegressor,
    table: QuantityTable,
    parts: Parts,
    prepared: Preparation,
    quantity: Quantity,
) -> Task:
    features = feature_count(prepared.encoding)
    with computing_in(spec.training.precision):
        network = PRESETS[model.preset](features, 1, dropout=model.dropout)
    rows = keras.Input((features,), name="rows")
    in_units = keras.layers.Rescaling(quantity.deviation, quantity.mean, dtype="float32", name="in_units")
    return Task(
        network=network,
        model=keras.Model(rows, in_units(network(rows)), name=model.family),
        objective=SquaredError(quantity.deviation),
        data_digest=table.digest,
        parts=parts,
        source=source_of(spec, prepared),
        augments=spec.augments,
        left_out=len(parts.train) - len(prepared.kept),
    )
