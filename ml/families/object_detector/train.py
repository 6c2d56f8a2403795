"""Trains a detector: pictures with boxes, preprocessing, network, epochs, export.

Writes `model.keras` (raw pictures in, maps out), `model.json`, `MODEL_CARD.md`, and checkpoints where asked for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import keras
import numpy as np
import numpy.typing as npt

from ml.boxes import BoxSet, load_boxes
from ml.boxes.augmentation import BoxAugmentation
from ml.boxes.division import divide_pictures, train_box_counts
from ml.boxes.findings import box_findings
from ml.boxes.following import frame_of_steps, padded
from ml.boxes.frames import Frame
from ml.data import Parts
from ml.evaluation.detection import Truth, best_threshold
from ml.families.fitting import Fitted, Task, describe, fit_task, refuse_watching_nothing, warn_of_slow_precision
from ml.families.leaving import common_fields, facts, leave, trained_on
from ml.families.object_detector.card import DetectorCard, MeanBox, card_text
from ml.families.object_detector.finding import find_boxes
from ml.families.object_detector.presets import PRESETS, STRIDE
from ml.job import RunSettings, Summary
from ml.model.file import with_preprocessing
from ml.precision import computing_in
from ml.report import Report, warn
from ml.runtime import set_up
from ml.steps import output_shape, preprocess, preprocessing_layers
from ml.training.center_points import CenterPoints
from ml.training.loop import Prepared, Source
from ml.workspace import Workspace
from trainshed.specs import ObjectDetector, TrainSpec


@dataclass(frozen=True, slots=True, eq=False)
class _Built:
    """The network that is trained, the model around it that is saved, and where the model brings a place."""

    layers: Sequence[keras.Layer]
    network: keras.Model
    model: keras.Model
    frame: Frame

    def targets(self, pictures: BoxSet, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Return the boxes of pictures as the network sees them."""
        _, height, width, _ = self.network.input_shape
        return padded(pictures, rows, self.frame, height=height, width=width)


def train(
    spec: TrainSpec,
    workspace: Workspace,
    report: Report,
    *,
    settings: RunSettings,
    clock: Callable[[], float] = time.monotonic,
) -> Summary:
    """Train and export. Raises `InvalidData` or `Diverged`."""
    assert isinstance(spec.model, ObjectDetector)
    set_up(threads=settings.threads, seed=spec.training.seed)
    pictures = load_boxes(spec.data, roots=settings.data_roots, files=settings.data_files)
    parts = divide_pictures(pictures, spec.data.split)
    refuse_watching_nothing(spec, parts)
    warn_of_slow_precision(spec, report)
    built = _build(spec, spec.model, pictures, parts)
    task = _task(spec, pictures, parts, built)
    report.message(describe(pictures.source, task, learns=f"boxes of {len(pictures.class_names)} class(es)"))
    found = box_findings(pictures, parts)
    warn(report, found)

    def prepare(name: str) -> Prepared:
        rows = parts.rows(name)
        raw = pictures.images[rows]
        # Those to train on are prepared when their turn comes: as floats they would take four times as much memory.
        return Prepared(raw if name == "train" else preprocess(built.layers, raw), built.targets(pictures, rows))

    fitted = fit_task(spec, task, prepare, workspace, report, settings=settings, clock=clock)
    card = _card(fitted, pictures, task, built, found, settings)
    leave(built.model, card, card_text(card), fitted.spec, workspace)
    return Summary(metrics=card.metrics, facts=facts(card))


def _build(spec: TrainSpec, model: ObjectDetector, pictures: BoxSet, parts: Parts) -> _Built:
    layers = preprocessing_layers(spec.preprocess, pictures.images, parts.train)
    shape = output_shape(layers, pictures.image_shape)
    with computing_in(spec.training.precision):
        network = PRESETS[model.preset](shape, len(pictures.class_names), dropout=model.dropout)
    whole = with_preprocessing(
        layers, network, input_shape=pictures.image_shape, name=model.family, input_name="pictures"
    )
    return _Built(layers, network, whole, frame_of_steps(spec.preprocess, layers, pictures.image_shape))


def _task(spec: TrainSpec, pictures: BoxSet, parts: Parts, built: _Built) -> Task:
    augmenting = tuple(step for step in spec.preprocess if step.augments)

    def augmented(train: Prepared) -> Source:
        return BoxAugmentation(augmenting, built.layers, spec.training.seed, train.inputs, train.targets)

    _, height, width, _ = built.network.output_shape
    return Task(
        network=built.network,
        model=built.model,
        objective=CenterPoints(len(pictures.class_names), height, width, STRIDE),
        data_digest=pictures.digest,
        parts=parts,
        source=augmented,
        augments=bool(augmenting or built.layers),
    )


def _card(
    fitted: Fitted, pictures: BoxSet, task: Task, built: _Built, found: tuple[str, ...], settings: RunSettings
) -> DetectorCard:
    return DetectorCard(
        **common_fields(fitted, task, settings),
        input_shape=pictures.image_shape,
        classes=pictures.class_names,
        preprocess=tuple(step for step in fitted.spec.preprocess if not step.augments),
        data=trained_on(
            fitted.spec, pictures, task, findings=found, class_counts=train_box_counts(pictures, task.parts)
        ),
        stride=STRIDE,
        frame=built.frame,
        threshold=_threshold(pictures, task.parts.validation, built),
        mean_boxes=_mean_boxes(pictures, task.parts.train),
    )


def _threshold(pictures: BoxSet, rows: npt.NDArray[np.int64], built: _Built) -> float:
    """Return the score from which on boxes of the validation part are best taken for answers."""
    found = find_boxes(
        built.model, pictures, rows, n_classes=len(pictures.class_names), stride=STRIDE, frame=built.frame
    )
    return best_threshold(Truth.of(pictures, rows), found)


def _mean_boxes(pictures: BoxSet, rows: npt.NDArray[np.int64]) -> tuple[MeanBox, ...]:
    """Return the mean box of each class; of one that has none, the mean of all."""
    truth = Truth.of(pictures, rows)
    of_classes = [truth.boxes[truth.classes == number] for number in range(len(pictures.class_names))]
    means = [(boxes if len(boxes) else truth.boxes).mean(axis=0) for boxes in of_classes]
    return tuple(
        MeanBox(left=float(left), top=float(top), right=float(right), bottom=float(bottom))
        for left, top, right, bottom in means
    )
