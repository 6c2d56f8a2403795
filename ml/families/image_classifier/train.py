"""Trains an image classifier: data, preprocessing, network, epochs, export.

Writes `model.keras` (raw images in, logits out), `model.json`, `MODEL_CARD.md`, and checkpoints where asked for.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import keras
import numpy as np

from ml.data import Dataset, Parts, divide, findings, load_dataset
from ml.errors import InvalidData
from ml.families.image_classifier.presets import PRESETS
from ml.families.image_classifier.transfer import transfer_weights
from ml.job import RunSettings, Summary
from ml.model.card import FILE_NAME, ModelCard, TrainedOn
from ml.model.card_text import render_card
from ml.model.checkpoints import Checkpoints
from ml.model.exports import export
from ml.model.file import save_model, weights_digest, with_preprocessing
from ml.precision import computing_in, has_bfloat16
from ml.report import Report
from ml.resume.resumable import make_resumable
from ml.resume.run import Run
from ml.runtime import set_up
from ml.steps import Augmentation, output_shape, preprocess, preprocessing_layers
from ml.training.epoch import Epoch
from ml.training.learner import Learner
from ml.training.loop import Fit, Prepared
from ml.training.loss_guard import LossGuard
from ml.training.objective import make_objective
from ml.training.optimizers import make_optimizer
from ml.training.stopping import BestWeights, Monitor
from ml.training.tuning import Tuned, halved, tune
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
    _refuse_watching_nothing(spec, parts)
    _warn_of_slow_precision(spec, report)
    built = _build(spec, dataset, parts)
    if spec.model.init_from:
        transfer_weights(built.network, dataset.class_names, workspace, report)
    report.message(_describe(dataset, parts, built.network))
    for finding in findings(dataset, parts):
        report.message(f"warning: {finding}")
    spec, tuned = _fitting(spec, _tune(spec, parts, built, settings), settings, report)
    report.message(_chosen(tuned, spec))
    history, exported = _fit(spec, dataset, parts, built, tuned, workspace, report, settings, clock)
    card = _card(spec, dataset, parts, built, tuned, history, exported, settings)
    _export(built.model, card, workspace)
    export(spec.export, built.model, card, workspace)
    return Summary(metrics=card.metrics, facts=_facts(card))


def _refuse_watching_nothing(spec: TrainSpec, parts: Parts) -> None:
    watching = {
        "checkpoint.keep_best": spec.checkpoint.keep_best,
        "training.early_stopping": spec.training.early_stopping is not None,
    }
    for field, watches in watching.items():
        if watches and not len(parts.validation):
            raise InvalidData(
                f"{field} chooses by the validation part, and data.split.validation is 0.",
                remedy=f"Set data.split.validation above 0, or leave {field} out.",
                field=field,
            )


def _warn_of_slow_precision(spec: TrainSpec, report: Report) -> None:
    if spec.training.precision == "mixed_bfloat16" and not has_bfloat16():
        report.message(
            "warning: training.precision is mixed_bfloat16, and this processor has no instructions for it; float32 is "
            "faster here"
        )


def _build(spec: TrainSpec, dataset: Dataset, parts: Parts) -> _Built:
    layers = preprocessing_layers(spec.preprocess, dataset.images, parts.train)
    build = PRESETS[spec.model.preset]
    shape = output_shape(layers, dataset.image_shape)
    with computing_in(spec.training.precision):
        network = build(shape, dataset.n_classes, dropout=spec.model.dropout)
    model = with_preprocessing(layers, network, image_shape=dataset.image_shape, name=spec.model.family)
    return _Built(layers, network, model)


def _describe(dataset: Dataset, parts: Parts, network: keras.Model) -> str:
    counts = ", ".join(f"{count} {name}" for name, count in parts.counts.items())
    return (
        f"{dataset.source}: {counts} examples, {dataset.n_classes} classes; "
        f"{network.name} with {network.count_params():,} parameters"
    )


def _tune(spec: TrainSpec, parts: Parts, built: _Built, settings: RunSettings) -> Tuned:
    return tune(
        spec.training,
        examples=len(parts.train),
        image_shape=built.network.input_shape[1:],
        augments=any(step.augments for step in spec.preprocess),
        threads=settings.threads,
    )


def _fitting(spec: TrainSpec, tuned: Tuned, settings: RunSettings, report: Report) -> tuple[TrainSpec, Tuned]:
    """Halve the batch if a whole one did not fit into the memory before."""
    smaller, training = halved(tuned, spec.training, settings.halvings)
    if smaller == tuned:
        return spec, tuned
    report.message(
        f"warning: an earlier attempt ran out of memory with batches of {tuned.batch_size}; these are of"
        f" {smaller.batch_size}, and gradients are summed over {training.accumulate_steps} of them"
    )
    return spec.model_copy(update={"training": training}), smaller


def _chosen(tuned: Tuned, spec: TrainSpec) -> str:
    """Say what the run uses; (auto) marks what the spec left open."""
    open_fields = {name for name in tuned.facts if getattr(spec.training, name) in (None, "auto")}
    values = (
        f"{name} {value:g}{' (auto)' if name in open_fields else ''}"
        if isinstance(value, float | int)
        else f"{name} {value}{' (auto)' if name in open_fields else ''}"
        for name, value in tuned.facts.items()
    )
    return f"recipe: {', '.join(values)}"


def _fit(
    spec: TrainSpec,
    dataset: Dataset,
    parts: Parts,
    built: _Built,
    tuned: Tuned,
    workspace: Workspace,
    report: Report,
    settings: RunSettings,
    clock: Callable[[], float],
) -> tuple[tuple[Epoch, ...], Epoch]:
    """Return all epochs, and the one whose weights the network has now."""
    train = _prepare(dataset, parts.train, built.layers)
    augment = Augmentation.of(
        spec.preprocess,
        seed=spec.training.seed,
        images=train.images,
        labels=train.labels,
        n_classes=dataset.n_classes,
    )
    learner = _learner(spec, dataset, parts, built.network, tuned, soft_targets=augment.mixes)
    fit = Fit(
        learner,
        _prepare(dataset, parts.validation, built.layers),
        spec.training,
        tuned,
        report,
        augment=augment,
        loss_guard=LossGuard(spec.guards.loss_factor),
        clock=clock,
    )
    checkpoints = Checkpoints(built.model, workspace, spec.checkpoint)
    keeps_best = _keeps_best(spec)
    run = Run(learner, fit, BestWeights(built.network, _monitor(spec)))
    make_resumable(
        run,
        workspace.checkpoints,
        spec.checkpoint,
        report,
        identity=_identity(spec, dataset, parts, tuned),
        settings=settings,
        clock=clock,
    )
    for epoch in fit:
        run.history.append(epoch)
        checkpoints.after(epoch)
        if keeps_best:
            run.best.after(epoch)
    return tuple(run.history), run.best.restore() if keeps_best else run.history[-1]


def _identity(spec: TrainSpec, dataset: Dataset, parts: Parts, tuned: Tuned) -> dict[str, str]:
    """Return what tells this training from every other: what it learns from, and how."""
    recipe = dump_spec(spec)
    told = {"model": recipe["model"], "preprocess": recipe["preprocess"], "training": recipe["training"]}
    how = json.dumps([told, tuned.batch_size, tuned.learning_rate], sort_keys=True)
    return {"data": dataset.digest, "split": parts.digest, "recipe": hashlib.sha256(how.encode()).hexdigest()}


def _learner(
    spec: TrainSpec, dataset: Dataset, parts: Parts, network: keras.Model, tuned: Tuned, *, soft_targets: bool
) -> Learner:
    recipe = spec.training
    steps_per_epoch = math.ceil(len(parts.train) / tuned.batch_size)
    return Learner(
        network,
        make_optimizer(recipe, tuned, steps_per_epoch=steps_per_epoch),
        make_objective(recipe, class_counts=_class_counts(dataset, parts), class_names=dataset.class_names),
        batch_size=tuned.batch_size,
        soft_targets=soft_targets,
    )


def _keeps_best(spec: TrainSpec) -> bool:
    stopping = spec.training.early_stopping
    return spec.checkpoint.keep_best or (stopping is not None and stopping.restore_best)


def _monitor(spec: TrainSpec) -> Monitor:
    stopping = spec.training.early_stopping
    return stopping.monitor if stopping else "validation_loss"


def _prepare(
    dataset: Dataset, rows: np.ndarray[tuple[int], np.dtype[np.int64]], layers: Sequence[keras.Layer]
) -> Prepared:
    return Prepared(preprocess(layers, dataset.images[rows]), dataset.labels[rows])


def _card(
    spec: TrainSpec,
    dataset: Dataset,
    parts: Parts,
    built: _Built,
    tuned: Tuned,
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
        parameters=built.network.count_params(),
        tuned=tuned.facts,
        weights_sha256=weights_digest(built.model),
    )


def _trained_on(spec: TrainSpec, dataset: Dataset, parts: Parts) -> TrainedOn:
    return TrainedOn(
        source=dataset.source,
        digest=dataset.digest,
        split=spec.data.split,
        parts_digest=parts.digest,
        counts=parts.counts,
        train_class_counts=_class_counts(dataset, parts),
        provenance=dataset.provenance,
        licence=dataset.licence,
        synthetic=dataset.synthetic,
        format=dataset.format,
        images=spec.data.images,
        clean=spec.data.clean,
        dropped=dict(dataset.dropped),
        findings=findings(dataset, parts),
    )


def _class_counts(dataset: Dataset, parts: Parts) -> tuple[int, ...]:
    members = np.bincount(dataset.labels[parts.train], minlength=dataset.n_classes)
    return tuple(int(count) for count in members)


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
        "tuned": card.tuned,
        "versions": card.versions,
    }
