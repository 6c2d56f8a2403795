"""Measures a trained image classifier on one share of its data, or on other data.

Reads `inputs/model.keras` and `inputs/model.json`, writes `evaluation.json` (see `ml.evaluation.document`),
`confusion.svg` and `report.html`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, cast

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from ml.data import Dataset, Images, Parts, divide, load_dataset
from ml.errors import Diverged, InvalidData
from ml.evaluation.confused import most_confused
from ml.evaluation.confusion_picture import confusion_svg
from ml.evaluation.document import EvaluationDocument, as_document
from ml.evaluation.intervals import intervals
from ml.evaluation.logistic import LogisticBaseline, logistic_baseline
from ml.evaluation.pictures import as_png, visible
from ml.evaluation.report import render_report
from ml.evaluation.scores import Scores, losses, majority_baseline, probabilities, score
from ml.job import RunSettings, Summary
from ml.model.card import FILE_NAME, ModelCard, read_card
from ml.model.file import load_model, weights_digest
from ml.report import Report
from ml.runtime import set_up
from ml.training.order import batches
from ml.training.progress import ProgressMeter
from ml.workspace import Workspace
from trainshed.specs import Data, EvaluateSpec, SpecModel

HEADLINE: Final = ("accuracy", "precision_macro", "recall_macro", "f1_macro", "f1_weighted", "loss")
"""Metrics that are reported, as `evaluation/<name>` at step 0."""

_NOT_FACTS: Final = {"metrics", "per_class", "confusion_matrix", "confused_pairs", "most_confused", "calibration"}
"""Parts of the document that are too long to be kept with the job."""


@dataclass(frozen=True, slots=True, eq=False)
class _Chosen:
    """The examples to measure on, those that the model was trained on, and how many are both (None: other data)."""

    dataset: Dataset
    data: Data
    rows: npt.NDArray[np.int64]
    train_rows: npt.NDArray[np.int64] | None
    seen_in_training: int | None


def evaluate(
    spec: EvaluateSpec,
    workspace: Workspace,
    report: Report,
    *,
    settings: RunSettings,
    clock: Callable[[], float] = time.monotonic,
) -> Summary:
    """Measure and write `evaluation.json`. Raises `InvalidData`, or `Diverged` for outputs that are no numbers."""
    card = read_card(workspace.inputs / FILE_NAME)
    set_up(threads=settings.threads, seed=card.seed)
    model = _load(workspace, card)
    chosen = _choose(spec, card, settings)
    _warn_of_leak(chosen, spec, report)
    logits = _predict(model, chosen, spec.batch_size, report, clock)
    scores = score(chosen.dataset.labels[chosen.rows], logits, class_names=card.classes)
    document = _document(spec, card, chosen, scores, logits)
    _publish(document, chosen.dataset, workspace)
    return _reported(document, report)


def _load(workspace: Workspace, card: ModelCard) -> keras.Model:
    model = load_model(workspace.inputs / "model.keras")
    found, expected = weights_digest(model), card.weights_sha256
    if found != expected or model.input_shape != (None, *card.input_shape):
        raise InvalidData(
            f"model.keras has the weights {found}, and its card says {expected}.",
            remedy="Evaluate model and card of one and the same train job.",
            path="model.keras",
        )
    return model


def _choose(spec: EvaluateSpec, card: ModelCard, settings: RunSettings) -> _Chosen:
    data = spec.data or card.data.as_data()
    dataset = load_dataset(data, roots=settings.data_roots, files=settings.data_files)
    _refuse_other_reading(data, card)
    _refuse_mismatch(dataset, card)
    parts = divide(dataset, data.split)
    rows = parts.rows(spec.split)
    if not len(rows):
        raise InvalidData(
            f"The data has no {spec.split} part: its share is 0.",
            remedy="Choose another split, or give data with a split of its own.",
            field="split",
        )
    trained = _train_rows(dataset, data, parts, card)
    return _Chosen(dataset, data, rows, trained, None if trained is None else len(np.intersect1d(rows, trained)))


def _refuse_other_reading(data: Data, card: ModelCard) -> None:
    """Refuse the data of training read in another way: which of its examples the model has seen could not be told."""
    if card.data.source not in {data.path, data.dataset}:
        return
    for field, now, then in (
        ("clean", data.clean, card.data.clean),
        ("images", data.images, card.data.images),
    ):
        if now != then:
            raise InvalidData(
                f"data.{field} is {_said(now)} here and was {_said(then)} in training, for the same {card.data.source}:"
                " it would give other examples.",
                remedy="Leave data out, or only data.split in; for other examples, give data of another name.",
                field=f"data.{field}",
            )


def _said(value: SpecModel | None) -> str:
    return "not set" if value is None else value.model_dump_json()


def _refuse_mismatch(dataset: Dataset, card: ModelCard) -> None:
    if dataset.source == card.data.source and dataset.digest != card.data.digest:
        raise InvalidData(
            f"{dataset.source} has changed since the model was trained: its content has the digest {dataset.digest}, "
            f"and the card says {card.data.digest}.",
            remedy="Restore the file, train again, or evaluate on data of another path.",
            path=dataset.source,
        )
    if dataset.image_shape != card.input_shape:
        raise InvalidData(
            f"{dataset.source} has images of {dataset.image_shape}, and the model takes {card.input_shape}.",
            remedy="Height, width and channels must be those of the training data.",
            path=dataset.source,
        )
    if dataset.class_names != card.classes:
        raise InvalidData(
            f"{dataset.source} has the classes {', '.join(dataset.class_names)}; the model {', '.join(card.classes)}.",
            remedy="Evaluate on data with the same classes in the same order.",
            path=dataset.source,
        )


def _train_rows(dataset: Dataset, data: Data, parts: Parts, card: ModelCard) -> npt.NDArray[np.int64] | None:
    """Return the rows that the model was trained on, or None for other data."""
    if dataset.digest != card.data.digest:
        return None
    trained = parts if data.split == card.data.split else divide(dataset, card.data.split)
    if trained.digest != card.data.parts_digest:
        raise InvalidData(
            "The data cannot be divided again as it was for training.",
            remedy=f"Evaluate with the library versions of training: numpy {card.versions.get('numpy', 'unknown')}.",
            field="data.split",
        )
    return trained.train


def _warn_of_leak(chosen: _Chosen, spec: EvaluateSpec, report: Report) -> None:
    if chosen.seen_in_training and spec.split in {"validation", "test"}:
        report.message(
            f"warning: the model was trained on {chosen.seen_in_training} of these {len(chosen.rows)} examples, because"
            " data.split differs from that of the train job; the numbers are too good"
        )


def _predict(
    model: keras.Model, chosen: _Chosen, batch_size: int, report: Report, clock: Callable[[], float]
) -> npt.NDArray[np.float32]:
    """Return the logits (n, classes). Raises `Diverged`."""
    forward = _compiled(model)
    progress = ProgressMeter(report, epochs=1, steps_per_epoch=math.ceil(len(chosen.rows) / batch_size), clock=clock)
    logits = []
    for step, rows in enumerate(batches(chosen.rows, batch_size), start=1):
        logits.append(np.asarray(forward(_as_float(chosen.dataset.images[rows]))))
        progress.at(step)
    result = np.concatenate(logits)
    if not np.isfinite(result).all():
        raise Diverged("The model gives outputs that are not finite.")
    return result


def _compiled(model: keras.Model) -> Callable[[npt.NDArray[np.float32]], Any]:
    @tf.function(input_signature=[tf.TensorSpec(model.input_shape, tf.float32)], autograph=False)
    def forward(images: Any) -> Any:
        return model(images, training=False)

    return cast("Callable[[npt.NDArray[np.float32]], Any]", forward)


def _as_float(images: Images) -> npt.NDArray[np.float32]:
    return images.astype(np.float32)


def _document(
    spec: EvaluateSpec, card: ModelCard, chosen: _Chosen, scores: Scores, logits: npt.NDArray[np.float32]
) -> EvaluationDocument:
    labels = chosen.dataset.labels[chosen.rows]
    baseline = majority_baseline(labels, train_class_counts=card.data.train_class_counts, class_names=card.classes)
    return as_document(
        scores,
        baseline,
        card,
        split=spec.split,
        data=chosen.data,
        data_digest=chosen.dataset.digest,
        seen_in_training=chosen.seen_in_training,
        intervals=intervals(np.asarray(scores.confusion), losses(labels, logits)),
        logistic=_logistic(spec, chosen),
        most_confused=most_confused(
            chosen.rows, labels, probabilities(logits), class_names=card.classes, most=spec.pictures
        ),
    )


def _logistic(spec: EvaluateSpec, chosen: _Chosen) -> LogisticBaseline | None:
    if not spec.logistic_regression or chosen.train_rows is None:
        return None
    return logistic_baseline(chosen.dataset, train_rows=chosen.train_rows, rows=chosen.rows)


def _publish(document: EvaluationDocument, dataset: Dataset, workspace: Workspace) -> None:
    rows = [example.row for example in document.most_confused]
    pictures = [as_png(image) for image in visible(dataset.images[rows])]
    workspace.publish_text("evaluation.json", document.model_dump_json(indent=2))
    workspace.publish_text("confusion.svg", confusion_svg(document.confusion_matrix, document.classes))
    workspace.publish_text("report.html", render_report(document, pictures))


def _reported(document: EvaluationDocument, report: Report) -> Summary:
    headline = {name: document.metrics[name] for name in HEADLINE}
    for name, value in headline.items():
        report.metric(f"evaluation/{name}", 0, value)
    accuracy, other = document.intervals["accuracy"], document.logistic_regression
    logistic = f", logistic regression: {other.accuracy:.4f}" if other else ""
    report.message(
        f"{document.split}: accuracy {headline['accuracy']:.4f} on {document.examples} examples"
        f" (95 % interval {accuracy.low:.4f} to {accuracy.high:.4f}; always answering {document.baseline.class_name}:"
        f" {document.baseline.accuracy:.4f}{logistic}),"
        f" F1 macro {headline['f1_macro']:.4f}"
    )
    facts = document.model_dump(mode="json", exclude=_NOT_FACTS)
    return Summary(metrics=headline, facts=facts)
