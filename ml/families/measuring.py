"""What evaluating any family has in common: model and card belong together, and the parts are those of training."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Generic, Protocol, TypeVar, cast

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from ml.data import Parts, divide
from ml.data.split import Described, Labelled
from ml.errors import Diverged, InvalidData
from ml.evaluation.confusion_picture import confusion_svg
from ml.evaluation.document import EvaluationDocument
from ml.evaluation.report import render_report
from ml.job import DataFile, RunSettings, Summary
from ml.model.card import FILE_NAME, Card, ClassifierCard, read_card
from ml.model.file import load_model, weights_digest
from ml.report import Report
from ml.runtime import set_up
from ml.training.order import batches
from ml.training.progress import ProgressMeter
from ml.workspace import Workspace
from trainshed.specs import Data, EvaluateSpec, SpecModel, Split

HEADLINE: Final = ("accuracy", "precision_macro", "recall_macro", "f1_macro", "f1_weighted", "loss")
"""Metrics that are reported, as `evaluation/<name>` at step 0."""

_NOT_FACTS: Final = {
    "metrics",
    "per_class",
    "confusion_matrix",
    "confused_pairs",
    "most_confused",
    "calibration",
    "slices",
}
"""Parts of the document that are too long to be kept with the job."""

_SLICED: Final = {"tabular_classifier", "tabular_regressor", "text_classifier", "forecaster"}
"""Families whose examples have columns."""

Floats = npt.NDArray[np.float32]
_AnyCard = TypeVar("_AnyCard", bound=Card)
_AnyData = TypeVar("_AnyData", bound=Described)
_Read_co = TypeVar("_Read_co", covariant=True)


class Load(Protocol[_Read_co]):
    """Reads and checks the examples that a spec names. Raises `InvalidData`."""

    def __call__(self, data: Data, *, roots: tuple[Path, ...], files: Mapping[str, DataFile]) -> _Read_co: ...


@dataclass(frozen=True, slots=True, eq=False)
class Opened(Generic[_AnyCard, _AnyData]):
    """What an evaluation begins with; `examples` may be used with the model."""

    card: _AnyCard
    model: keras.Model
    data: Data
    examples: _AnyData


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """The rows to measure on, those that the model was trained on, and how many are both (None: other data)."""

    data: Data
    parts: Parts
    rows: npt.NDArray[np.int64]
    train_rows: npt.NDArray[np.int64] | None
    seen_in_training: int | None


def open_measured(
    spec: EvaluateSpec,
    workspace: Workspace,
    form: type[_AnyCard],
    load: Load[_AnyData],
    *,
    settings: RunSettings,
) -> Opened[_AnyCard, _AnyData]:
    """Read card, model and examples. Raises `InvalidData` where they do not belong together."""
    card = read_card(workspace.inputs / FILE_NAME, form)
    _refuse_slices(spec, card)
    set_up(threads=settings.threads, seed=card.seed)
    model = load_measured(workspace, card)
    data = spec.data or card.data.as_data()
    examples = load(data, roots=settings.data_roots, files=settings.data_files)
    refuse_other_reading(data, card)
    refuse_change(examples, card)
    return Opened(card, model, data, examples)


def _refuse_slices(spec: EvaluateSpec, card: Card) -> None:
    if spec.slices and card.family not in _SLICED:
        raise InvalidData(
            f"slices names the column {spec.slices[0]!r}, and the data of a model of {card.family} has no columns.",
            remedy="Leave slices out.",
            field="slices",
        )


def load_measured(workspace: Workspace, card: Card) -> keras.Model:
    """Load `inputs/model.keras`. Raises `InvalidData` when it is not the one of the card."""
    model = load_model(workspace.inputs / "model.keras")
    found, expected = weights_digest(model), card.weights_sha256
    if found != expected or model.input_shape != (None, *card.input_shape):
        raise InvalidData(
            f"model.keras has the weights {found}, and its card says {expected}.",
            remedy="Evaluate model and card of one and the same train job.",
            path="model.keras",
        )
    return model


def refuse_other_reading(data: Data, card: Card) -> None:
    """Refuse the data of training read in another way: which of its examples the model has seen could not be told."""
    if card.data.source not in {data.path, data.dataset}:
        return
    for field, now, then in (
        ("clean", data.clean, card.data.clean),
        ("images", data.images, card.data.images),
        ("columns", data.columns, card.data.columns),
    ):
        if now != then:
            raise InvalidData(
                f"data.{field} is {_said(now)} here and was {_said(then)} in training, for the same {card.data.source}:"
                " it would give other examples.",
                remedy="Leave data out, or only data.split in; for other examples, give data of another name.",
                field=f"data.{field}",
            )


def refuse_change(dataset: Described, card: Card) -> None:
    """Raise `InvalidData` when what the model was trained on is no longer the same."""
    if dataset.source == card.data.source and dataset.digest != card.data.digest:
        raise InvalidData(
            f"{dataset.source} has changed since the model was trained: its content has the digest {dataset.digest}, "
            f"and the card says {card.data.digest}.",
            remedy="Restore the file, train again, or evaluate on data of another path.",
            path=dataset.source,
        )


def refuse_other_classes(dataset: Labelled, card: ClassifierCard) -> None:
    """Raise `InvalidData` for data with classes other than the model tells apart."""
    if dataset.class_names != card.classes:
        raise InvalidData(
            f"{dataset.source} has the classes {', '.join(dataset.class_names)}; the model {', '.join(card.classes)}.",
            remedy="Evaluate on data with the same classes in the same order.",
            path=dataset.source,
        )


def choose(spec: EvaluateSpec, data: Data, dataset: Labelled, card: ClassifierCard) -> Chosen:
    """Return the rows of the split that the spec names. Raises `InvalidData` when it is empty."""
    return choose_of(spec, data, dataset, card, lambda split: divide(dataset, split))


def choose_of(
    spec: EvaluateSpec, data: Data, dataset: Described, card: Card, divided: Callable[[Split], Parts]
) -> Chosen:
    """Do the same for examples that are divided in another way. Raises `InvalidData`."""
    return chosen_part(spec.split, data, dataset, card, divided)


def chosen_part(split: str, data: Data, dataset: Described, card: Card, divided: Callable[[Split], Parts]) -> Chosen:
    """Return the rows of the part of that name. Raises `InvalidData`."""
    parts = divided(data.split)
    rows = parts.rows(split)
    if not len(rows):
        raise InvalidData(
            f"The data has no {split} part: its share is 0.",
            remedy="Choose another split, or give data with a split of its own.",
            field="split",
        )
    trained = _train_rows(dataset, data, parts, card, divided)
    return Chosen(data, parts, rows, trained, None if trained is None else len(np.intersect1d(rows, trained)))


def warn_of_leak(chosen: Chosen, spec: EvaluateSpec, report: Report) -> None:
    """Say so where a part that should be held out was trained on."""
    if chosen.seen_in_training and spec.split in {"validation", "test"}:
        report.message(
            f"warning: the model was trained on {chosen.seen_in_training} of these {len(chosen.rows)} examples, because"
            " data.split differs from that of the train job; the numbers are too good"
        )


def predict(
    model: keras.Model,
    rows: npt.NDArray[np.int64],
    batch_size: int,
    take: Callable[[npt.NDArray[np.int64]], npt.NDArray[Any]],
    *,
    report: Report,
    clock: Callable[[], float],
) -> Floats:
    """Return the outputs (n, ...) of what `take` gives for the rows. Raises `Diverged`."""
    forward = compiled(model)
    progress = ProgressMeter(report, epochs=1, steps_per_epoch=math.ceil(len(rows) / batch_size), clock=clock)
    outputs = []
    for step, some in enumerate(batches(rows, batch_size), start=1):
        outputs.append(np.asarray(forward(take(some))))
        progress.at(step)
    result = np.concatenate(outputs)
    if not np.isfinite(result).all():
        raise Diverged("The model gives outputs that are not finite.")
    return result


def compiled(model: keras.Model) -> Callable[[npt.NDArray[Any]], Any]:
    """Return the model as a function of any number of examples."""

    @tf.function(input_signature=[tf.TensorSpec(model.input_shape, model.inputs[0].dtype)], autograph=False)
    def forward(examples: Any) -> Any:
        return model(examples, training=False)

    return cast("Callable[[npt.NDArray[Any]], Any]", forward)


def publish(document: EvaluationDocument, workspace: Workspace, *, pictures: Sequence[bytes] = ()) -> None:
    """Write `evaluation.json`, `confusion.svg` and `report.html`, with PNG files of the most confused examples."""
    workspace.publish_text("evaluation.json", document.model_dump_json(indent=2))
    workspace.publish_text("confusion.svg", confusion_svg(document.confusion_matrix, document.classes))
    workspace.publish_text("report.html", render_report(document, pictures))


def reported(document: EvaluationDocument, report: Report) -> Summary:
    """Report the headline, and return it with what is kept with the job."""
    risk = {} if document.risk is None else document.risk.metrics
    headline = {name: document.metrics[name] for name in HEADLINE} | risk
    for name, value in headline.items():
        report.metric(f"evaluation/{name}", 0, value)
    accuracy, other = document.intervals["accuracy"], document.logistic_regression
    logistic = f", logistic regression: {other.accuracy:.4f}" if other else ""
    report.message(
        f"{document.split}: accuracy {headline['accuracy']:.4f} on {document.examples} examples"
        f" (95 % interval {accuracy.low:.4f} to {accuracy.high:.4f}; always answering {document.baseline.class_name}:"
        f" {document.baseline.accuracy:.4f}{logistic}),"
        f" F1 macro {headline['f1_macro']:.4f}. {document.verdict}"
    )
    facts = document.model_dump(mode="json", exclude=_NOT_FACTS)
    return Summary(metrics=headline, facts=facts)


def _said(value: SpecModel | None) -> str:
    return "not set" if value is None else value.model_dump_json()


def _train_rows(
    dataset: Described, data: Data, parts: Parts, card: Card, divided: Callable[[Split], Parts]
) -> npt.NDArray[np.int64] | None:
    """Return the rows that the model was trained on, or None for other data."""
    if dataset.digest != card.data.digest:
        return None
    trained = parts if data.split == card.data.split else divided(card.data.split)
    if trained.digest != card.data.parts_digest:
        raise InvalidData(
            "The data cannot be divided again as it was for training.",
            remedy=f"Evaluate with the library versions of training: numpy {card.versions.get('numpy', 'unknown')}.",
            field="data.split",
        )
    return trained.train
