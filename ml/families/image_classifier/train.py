"""Trains an image classifier: data, preprocessing, network, epochs, export.

Writes `model.keras` (raw images in, logits out), `model.json`, `MODEL_CARD.md`, and checkpoints where asked for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import keras
import numpy as np

from ml.data import Dataset, Parts, divide, findings, load_dataset
from ml.errors import InvalidData
from ml.families.image_classifier.presets import PRESETS
from ml.job import RunSettings, Summary
from ml.model.card import FILE_NAME, ModelCard, TrainedOn
from ml.model.card_text import render_card
from ml.model.checkpoints import BestWeights, Checkpoints
from ml.model.file import save_model, weights_digest, with_preprocessing
from ml.report import Report
from ml.runtime import set_up
from ml.steps import Augmentation, output_shape, preprocess, preprocessing_layers
from ml.training.epoch import Epoch
from ml.training.learner import Learner
from ml.training.loop import Fit, Prepared
from ml.versions import versions
from ml.workspace import Workspace
from trainshed.specs import TrainSpec, dump_spec


@dataclass(frozen=True, slots=True, eq=False)
class _Built:
    """The network that is trained, and the model around it that is saved."""

    layers: Sequence[keras.Layer]
    network: keras.Model
    model: keras.Model


def train(
    spec: TrainSpec,
    workspace: Workspace,
    report: Report,
    *,
    settings: RunSettings,
    clock: Callable[[], float] = time.monotonic,
) -> Summary:
    """Train and export. Raises `InvalidData` or `Diverged`."""
    set_up(threads=settings.threads, seed=spec.training.seed)
    dataset = load_dataset(spec.data, roots=settings.data_roots, files=settings.data_files)
    parts = divide(dataset, spec.data.split)
    _refuse_best_without_validation(spec, parts)
    built = _build(spec, dataset)
    report.message(_describe(dataset, parts, built.network))
    for finding in findings(dataset, parts):
        report.message(f"warning: {finding}")
    history, exported = _fit(spec, dataset, parts, built, workspace, report, clock)
    card = _card(spec, dataset, parts, built.network, history, exported, settings)
    _export(built.model, card, workspace)
    return Summary(metrics=card.metrics, facts=_facts(card))


def _refuse_best_without_validation(spec: TrainSpec, parts: Parts) -> None:
    if spec.checkpoint.keep_best and not len(parts.validation):
        raise InvalidData(
            "checkpoint.keep_best chooses by validation loss, and data.split.validation is 0.",
            remedy="Set data.split.validation above 0, or keep_best to false.",
            field="checkpoint.keep_best",
        )


def _build(spec: TrainSpec, dataset: Dataset) -> _Built:
    layers = preprocessing_layers(spec.preprocess)
    build = PRESETS[spec.model.preset]
    network = build(output_shape(layers, dataset.image_shape), dataset.n_classes)
    model = with_preprocessing(layers, network, image_shape=dataset.image_shape, name=spec.model.family)
    return _Built(layers, network, model)


def _describe(dataset: Dataset, parts: Parts, network: keras.Model) -> str:
    counts = ", ".join(f"{count} {name}" for name, count in parts.counts.items())
    return (
        f"{dataset.source}: {counts} examples, {dataset.n_classes} classes; "
        f"{network.name} with {network.count_params():,} parameters"
    )


def _fit(
    spec: TrainSpec,
    dataset: Dataset,
    parts: Parts,
    built: _Built,
    workspace: Workspace,
    report: Report,
    clock: Callable[[], float],
) -> tuple[tuple[Epoch, ...], Epoch]:
    """Return all epochs, and the one whose weights the network has now."""
    fit = Fit(
        Learner(built.network, learning_rate=spec.training.learning_rate),
        _prepare(dataset, parts.train, built.layers),
        _prepare(dataset, parts.validation, built.layers),
        spec.training,
        report,
        augment=Augmentation.of(spec.preprocess, seed=spec.training.seed),
        clock=clock,
    )
    checkpoints = Checkpoints(built.model, workspace, spec.checkpoint)
    best = BestWeights(built.network)
    history = []
    for epoch in fit:
        history.append(epoch)
        checkpoints.after(epoch)
        if spec.checkpoint.keep_best:
            best.after(epoch)
    return tuple(history), best.restore() if spec.checkpoint.keep_best else history[-1]


def _prepare(
    dataset: Dataset, rows: np.ndarray[tuple[int], np.dtype[np.int64]], layers: Sequence[keras.Layer]
) -> Prepared:
    return Prepared(preprocess(layers, dataset.images[rows]), dataset.labels[rows])


def _card(
    spec: TrainSpec,
    dataset: Dataset,
    parts: Parts,
    network: keras.Model,
    history: tuple[Epoch, ...],
    exported: Epoch,
    settings: RunSettings,
) -> ModelCard:
    return ModelCard(
        name=spec.name,
        family=spec.model.family,
        preset=spec.model.preset,
        classes=dataset.class_names,
        input_shape=dataset.image_shape,
        preprocess=tuple(step for step in spec.preprocess if not step.augments),
        data=_trained_on(spec, dataset, parts),
        spec=dump_spec(spec),
        seed=spec.training.seed,
        threads=settings.threads,
        versions=versions(),
        history=history,
        exported_epoch=exported.number,
        metrics=exported.metrics,
        parameters=network.count_params(),
        weights_sha256=weights_digest(network),
    )


def _trained_on(spec: TrainSpec, dataset: Dataset, parts: Parts) -> TrainedOn:
    members = np.bincount(dataset.labels[parts.train], minlength=dataset.n_classes)
    return TrainedOn(
        source=dataset.source,
        digest=dataset.digest,
        split=spec.data.split,
        parts_digest=parts.digest,
        counts=parts.counts,
        train_class_counts=tuple(int(count) for count in members),
        provenance=dataset.provenance,
        licence=dataset.licence,
        synthetic=dataset.synthetic,
        format=dataset.format,
        images=spec.data.images,
        clean=spec.data.clean,
        dropped=dict(dataset.dropped),
        findings=findings(dataset, parts),
    )


def _export(model: keras.Model, card: ModelCard, workspace: Workspace) -> None:
    save_model(model, workspace, "model.keras")
    workspace.publish_text(FILE_NAME, card.model_dump_json(indent=2))
    workspace.publish_text("MODEL_CARD.md", render_card(card))


def _facts(card: ModelCard) -> dict[str, object]:
    return {
        "weights_sha256": card.weights_sha256,
        "data_digest": card.data.digest,
        "examples": card.data.counts,
        "classes": list(card.classes),
        "parameters": card.parameters,
        "exported_epoch": card.exported_epoch,
        "threads": card.threads,
        "versions": card.versions,
    }
