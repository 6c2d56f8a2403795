"""The card of a model of a table: beside the common fields, how rows are encoded and which answer is given when."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ml.model.card import ClassifierCard
from ml.model.card_text import CardText, named_classes
from ml.tables.encoding import Encoding
from ml.tables.preparation import ReadColumn
from ml.tables.steps import AnyFitted
from trainshed.specs import SpecModel


class Threshold(SpecModel):
    """When the answer is the class that must not be missed."""

    positive: str
    at: Annotated[float, Field(ge=0, le=1)]
    """From this probability on."""
    recall: float | None
    """What it was chosen for, on the validation part. None: it was not, and is 0.5."""


class TabularCard(ClassifierCard):
    """A classifier of rows; `model.keras` takes them encoded."""

    family: Literal["tabular_classifier"]
    input_shape: tuple[int]
    """Numbers of an encoded row."""
    reads: tuple[ReadColumn, ...] = ()
    """The columns of the data, where steps come before the encoding."""
    steps: tuple[AnyFitted, ...] = ()
    """Of `preprocess`, as they were fitted on the train part, in order. `ml.tables.encoder` applies them."""
    encoding: Encoding
    """What becomes of the columns after them; fitted on the train part, too."""
    threshold: Threshold | None
    """None: the likeliest class is the answer."""


def card_text(card: TabularCard) -> CardText:
    """Return what a model card says of such a classifier in particular."""
    lines = "\n".join(f"- `{one.model_dump_json()}`" for one in (*card.steps, *card.encoding))
    return CardText(
        kind="A classifier of the rows of a table",
        learns=named_classes(card.classes),
        usage=f"`model.keras` takes rows encoded as below, {card.input_shape[0]} numbers of float32, and gives one"
        f" logit a class; their softmax are probabilities. {_answer(card.threshold)}",
        preparation=f"Fitted on the train part, steps first, then one line a column:\n\n{lines}",
    )


def _answer(threshold: Threshold | None) -> str:
    if threshold is None:
        return "The likeliest class is the answer."
    chosen = "" if threshold.recall is None else f", chosen for recall {threshold.recall:g} on the validation part"
    return f"The answer is {threshold.positive} from a probability of {threshold.at:.4f} on{chosen}."
