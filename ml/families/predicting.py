"""What predicting with any family has in common: the model, the rows, the file of answers.

A family brings `Questions` of its kind, and a function from a batch of inputs to columns of answers:

    asking = open_asked(spec, workspace, TextCard, settings=settings)
    questions = ask_texts(asking.data, ...)
    forward = answering(asking.model)

    def answer(inputs): return {"prediction": words_of(forward(inputs))}

    batches = answered(spec, questions, answer, report=report, clock=clock)
    return leave_predictions(spec, asking, batches, Nothing(), workspace, report)

Where a question has several answers, the family yields the columns of each batch itself, by `with_identity`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import keras
import numpy as np
import numpy.typing as npt

from ml.data import Parts, divide
from ml.data.questions import Asked, Questions, Rows
from ml.data.split import Described, Labelled
from ml.errors import Diverged, InvalidData
from ml.evaluation.scores import probabilities
from ml.families.measuring import (
    Floats,
    Load,
    chosen_part,
    compiled,
    load_measured,
    refuse_change,
    refuse_other_classes,
    refuse_other_reading,
)
from ml.job import RunSettings, Summary
from ml.model.card import FILE_NAME, Card, ClassifierCard, read_card
from ml.predictions.columns import Columns
from ml.predictions.output import opened_output
from ml.predictions.tally import PREDICTION, Tally
from ml.report import Report
from ml.runtime import set_up
from ml.training.progress import ProgressMeter
from ml.workspace import Workspace
from trainshed.specs import Columns as ColumnRoles
from trainshed.specs import Data, PredictSpec, Split

ROW: Final = "row"
"""The column of row numbers."""

_LONGEST_MESSAGE: Final = 500
_AnyCard = TypeVar("_AnyCard", bound=Card)
_AnyData = TypeVar("_AnyData", bound=Described)
_Card_co = TypeVar("_Card_co", bound=Card, covariant=True)


@dataclass(frozen=True, slots=True, eq=False)
class Asking(Generic[_Card_co]):
    """What predicting begins with."""

    card: _Card_co
    model: keras.Model
    data: Data
    """As the spec says it; what it does not say of columns and pictures is as it was in training."""


def open_asked(
    spec: PredictSpec, workspace: Workspace, form: type[_AnyCard], *, settings: RunSettings
) -> Asking[_AnyCard]:
    """Read card and model. Raises `InvalidData` where they do not belong together."""
    card = read_card(workspace.inputs / FILE_NAME, form)
    set_up(threads=settings.threads, seed=card.seed)
    model = load_measured(workspace, card)
    return Asking(card, model, card.data.as_data() if spec.data is None else _as_in_training(spec.data, card))


def _as_in_training(data: Data, card: Card) -> Data:
    return data.model_copy(
        update={"images": data.images or card.data.images, "columns": data.columns or card.data.columns}
    )


def rows_of_split(
    spec: PredictSpec,
    asking: Asking[_AnyCard],
    load: Load[_AnyData],
    divided: Callable[[_AnyData, Split], Parts],
    *,
    settings: RunSettings,
) -> Rows | None:
    """Return the rows of the split that the spec names, as an evaluation chooses them; None: all. Raises `InvalidData`.

    Only then are labels looked at.
    """
    if spec.split is None:
        return None
    data, card = asking.data, asking.card
    examples = load(data, roots=settings.data_roots, files=settings.data_files)
    refuse_other_reading(data, card)
    refuse_change(examples, card)
    rows = chosen_part(spec.split, data, examples, card, lambda split: divided(examples, split)).rows
    in_file: Rows | None = getattr(examples, "file_rows", None)  # of what is read from a table
    return rows if in_file is None else np.sort(in_file[rows])


def rows_of_classified(
    spec: PredictSpec,
    asking: Asking[ClassifierCard],
    load: Load[Labelled],
    *,
    settings: RunSettings,
) -> Rows | None:
    """Do the same for data with classes. Raises `InvalidData`."""

    def divided(examples: Labelled, split: Split) -> Parts:
        refuse_other_classes(examples, asking.card)
        return divide(examples, split)

    return rows_of_split(spec, asking, load, divided, settings=settings)


def answering(model: keras.Model) -> Callable[[npt.NDArray[Any]], Floats]:
    """Return the model as a function from inputs to outputs (n, ...), which raises `Diverged` for no numbers."""
    forward = compiled(model)

    def answer(inputs: npt.NDArray[Any]) -> Floats:
        outputs = np.asarray(forward(inputs))
        if not np.isfinite(outputs).all():
            raise Diverged("The model gives outputs that are not finite.")
        return outputs

    return answer


def class_columns(
    spec: PredictSpec, classes: tuple[str, ...], answers: npt.NDArray[np.int64], chances: npt.NDArray[np.float64]
) -> dict[str, Any]:
    """Return the columns of a classifier from the classes answered (n,) and the probabilities (n, classes)."""
    columns: dict[str, Any] = {
        PREDICTION: [classes[answer] for answer in answers],
        "probability": chances[np.arange(len(answers)), answers],
    }
    if spec.probabilities == "all":
        columns |= {f"probability_{name}": chances[:, place] for place, name in enumerate(classes)}
    return columns


def likeliest(spec: PredictSpec, asking: Asking[ClassifierCard]) -> Callable[[npt.NDArray[Any]], Mapping[str, Any]]:
    """Return the answers of a classifier of which the likeliest class is the answer."""
    forward = answering(asking.model)

    def answer(inputs: npt.NDArray[Any]) -> Mapping[str, Any]:
        chances = probabilities(forward(inputs))
        return class_columns(spec, asking.card.classes, chances.argmax(axis=1), chances)

    return answer


def answered(
    spec: PredictSpec,
    questions: Questions,
    answer: Callable[[npt.NDArray[Any]], Mapping[str, Any]],
    *,
    report: Report,
    clock: Callable[[], float],
) -> Iterator[Columns]:
    """Yield for each batch of questions their rows, what is kept of them, and what `answer` gives for the inputs."""
    progress = meter(spec, questions.count, report, clock)
    for step, asked in enumerate(questions.read(spec.batch_size), start=1):
        yield with_identity(asked, answer(asked.inputs))
        progress.at(step)


def meter(spec: PredictSpec, count: int, report: Report, clock: Callable[[], float]) -> ProgressMeter:
    """Return what tells how far the job is, for so many questions."""
    return ProgressMeter(report, epochs=1, steps_per_epoch=math.ceil(count / spec.batch_size), clock=clock)


def with_identity(asked: Asked, answers: Mapping[str, Any]) -> Columns:
    """Return the answers beside what tells which question each is to. Raises `InvalidData` for a name that is taken."""
    taken = next((name for name in asked.kept if name in answers or name == ROW), None)
    if taken is not None:
        raise InvalidData(
            f"keep names the column {taken!r}, and the predictions have a column of that name.",
            remedy="Rename the column in the data, or leave it out of keep: the column `row` tells rows apart.",
            field="keep",
        )
    return {ROW: asked.rows, **asked.kept, **answers}


def leave_predictions(
    spec: PredictSpec,
    asking: Asking[_AnyCard],
    batches: Iterable[Columns],
    tally: Tally,
    workspace: Workspace,
    report: Report,
    *,
    beside: Callable[[], Mapping[str, Any]] = dict,
) -> Summary:
    """Write the batches, of which there is at least one, to `predictions.<format>`, and return what came of it.

    `beside` gives more facts when all is written.
    """
    waiting = iter(batches)
    first = next(waiting)
    name, rows = f"predictions.{spec.format}", 0
    with workspace.publishing(name) as draft, opened_output(spec.format, draft, first) as output:
        for columns in _after(first, waiting):
            output.write(columns)
            tally.add(columns)
            rows += len(columns[ROW])
    report.message(f"{name}: {rows:,} rows with {', '.join(first)}"[:_LONGEST_MESSAGE])
    facts = {"rows": rows, "model_name": asking.card.name, "weights_sha256": asking.card.weights_sha256}
    return Summary(metrics={"rows": float(rows)}, facts={**facts, **tally.facts(), **beside()})


def _after(first: Columns, rest: Iterator[Columns]) -> Iterator[Columns]:
    yield first
    yield from rest


def roles(asking: Asking[_AnyCard]) -> ColumnRoles:
    """Return what is said of the columns of the data."""
    return asking.data.columns or ColumnRoles()
