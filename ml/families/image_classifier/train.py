"""Trains an image classifier: data, preprocessing, network, epochs, export.

Writes `model.keras` (raw images in, logits out), `model.json`, `MODEL_CARD.md`, and checkpoints where asked for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import keras

from ml.data import Dataset, Parts, divide, findings, load_dataset
from ml.families.fitting import (
    Fitted,
    Task,
    describe,
    fit_task,
    refuse_watching_nothing,
    warn_of_slow_precision,
)
from ml.families.image_classifier.presets import PRESETS
from ml.families.image_classifier.text import card_text
from ml.families.image_classifier.transfer import transfer_weights
from ml.families.leaving import class_counts, common_fields, facts, leave, trained_on
from ml.job import RunSettings, Summary
from ml.model.card import ModelCard
from ml.model.file import with_preprocessing
from ml.precision import computing_in
from ml.report import Report, warn
from ml.runtime import set_up
from ml.steps import Augmentation, output_shape, preprocess, preprocessing_layers
from ml.steps.augmentation import mixes
from ml.training.cross_entropy import make_cross_entropy
from ml.training.loop import Prepared, Source
from ml.workspace import Workspace
from trainshed.specs import ImageClassifier, TrainSpec


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
    assert isinstance(spec.model, ImageClassifier)
    set_up(threads=settings.threads, seed=spec.training.seed)
    dataset = load_dataset(spec.data, roots=settings.data_roots, files=settings.data_files)
    parts = divide(dataset, spec.data.split)
    refuse_watching_nothing(spec, parts)
    warn_of_slow_precision(spec, report)
    built = _build(spec, spec.model, dataset, parts)
    if spec.model.init_from:
        transfer_weights(built.network, dataset.class_names, workspace, report)
    task = _task(spec, dataset, parts, built)
    report.message(describe(dataset.source, task, learns=f"{dataset.n_classes} classes"))
    found = findings(dataset, parts)
    warn(report, found)

    def prepare(name: str) -> Prepared:
        rows = parts.rows(name)
        return Prepared(preprocess(built.layers, dataset.images[rows]), dataset.labels[rows])

    fitted = fit_task(spec, task, prepare, workspace, report, settings=settings, clock=clock)
    card = _card(fitted, dataset, task, found, settings)
    leave(built.model, card, card_text(card), fitted.spec, workspace)
    return Summary(metrics=card.metrics, facts=facts(card))


def _build(spec: TrainSpec, model: ImageClassifier, dataset: Dataset, parts: Parts) -> _Built:
    layers = preprocessing_layers(spec.preprocess, dataset.images, parts.train)
    build = PRESETS[model.preset]
    shape = output_shape(layers, dataset.image_shape)
    with computing_in(spec.training.precision):
        network = build(shape, dataset.n_classes, dropout=model.dropout)
    whole = with_preprocessing(layers, network, input_shape=dataset.image_shape, name=model.family)
    return _Built(layers, network, whole)


def _task(spec: TrainSpec, dataset: Dataset, parts: Parts, built: _Built) -> Task:
    def augmented(train: Prepared) -> Source:
        return Augmentation.of(
            spec.preprocess,
            seed=spec.training.seed,
            images=train.inputs,
            labels=train.targets,
            n_classes=dataset.n_classes,
        )

    return Task(
        network=built.network,
        model=built.model,
        objective=make_cross_entropy(
            spec.training,
            class_counts=class_counts(dataset, parts),
            class_names=dataset.class_names,
            mixes=mixes(spec.preprocess),
        ),
        data_digest=dataset.digest,
        parts=parts,
        source=augmented,
        augments=spec.augments,
    )


def _card(fitted: Fitted, dataset: Dataset, task: Task, found: tuple[str, ...], settings: RunSettings) -> ModelCard:
    return ModelCard(
        **common_fields(fitted, task, settings),
        classes=dataset.class_names,
        input_shape=dataset.image_shape,
        preprocess=tuple(step for step in fitted.spec.preprocess if not step.augments),
        data=trained_on(fitted.spec, dataset, task, findings=found, class_counts=class_counts(dataset, task.parts)),
    )
