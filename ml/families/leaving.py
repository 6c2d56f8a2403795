"""What every family leaves when it is trained: model, card, facts of the job."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import keras
import numpy as np

from ml.data import Parts
from ml.data.split import Described, Labelled
from ml.families.fitting import Fitted, Task
from ml.job import RunSettings
from ml.model.card import FILE_NAME, Card, TrainedOn
from ml.model.card_text import CardText, render_card
from ml.model.exports import export
from ml.model.file import save_model, weights_digest
from ml.versions import versions
from ml.workspace import Workspace
from trainshed.specs import TrainSpec, dump_spec


def class_counts(dataset: Labelled, parts: Parts) -> tuple[int, ...]:
    """Return the examples of each class in the train part."""
    members = np.bincount(dataset.labels[parts.train], minlength=len(dataset.class_names))
    return tuple(int(count) for count in members)


def trained_on(
    spec: TrainSpec,
    dataset: Described,
    task: Task,
    *,
    findings: tuple[str, ...],
    class_counts: tuple[int, ...] = (),
    left_out: Mapping[str, int] = MappingProxyType({}),
) -> TrainedOn:
    """Return what a card says of the data; `left_out` are the rows of the train part that steps left out."""
    return TrainedOn(
        source=dataset.source,
        digest=dataset.digest,
        split=spec.data.split,
        parts_digest=task.parts.digest,
        counts=task.parts.counts,
        train_class_counts=class_counts,
        provenance=dataset.provenance,
        licence=dataset.licence,
        synthetic=dataset.synthetic,
        format=dataset.format,
        images=spec.data.images,
        columns=spec.data.columns,
        clean=spec.data.clean,
        dropped={**dataset.dropped, **left_out},
        findings=findings,
    )


def common_fields(fitted: Fitted, task: Task, settings: RunSettings) -> Mapping[str, Any]:
    """Return the fields of a card that are the same for all families."""
    spec = fitted.spec
    return {
        "name": spec.name,
        "family": spec.model.family,
        "preset": spec.model.preset,
        "spec": dump_spec(spec),
        "seed": spec.training.seed,
        "threads": settings.threads,
        "versions": versions(),
        "history": fitted.history,
        "exported_epoch": fitted.exported.number,
        "metrics": fitted.exported.metrics,
        "parameters": task.network.count_params(),
        "tuned": fitted.tuned.facts,
        "weights_sha256": weights_digest(task.model),
    }


def leave(model: keras.Model, card: Card, text: CardText, spec: TrainSpec, workspace: Workspace) -> None:
    """Write the model, its card as data and as text, and the forms that the spec asks for."""
    save_model(model, workspace, "model.keras")
    workspace.publish_text(FILE_NAME, card.model_dump_json(indent=2))
    workspace.publish_text("MODEL_CARD.md", render_card(card, text))
    export(spec.export, model, card, workspace)


def facts(card: Card) -> dict[str, object]:
    """Return what is kept with the job."""
    return {
        "weights_sha256": card.weights_sha256,
        "data_digest": card.data.digest,
        "examples": card.data.counts,
        "parameters": card.parameters,
        "exported_epoch": card.exported_epoch,
        "threads": card.threads,
        "tuned": card.tuned,
        "versions": card.versions,
    } | card.learned()
