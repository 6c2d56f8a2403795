"""The card of a model that predicts a quantity: beside the common fields, how rows are encoded and of what."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from ml.model.card import Card
from ml.model.card_text import CardText
from ml.tables.encoding import Encoding
from ml.tables.preparation import ReadColumn
from ml.tables.steps import AnyFitted
from trainshed.specs import SpecModel


class Quantity(SpecModel):
    """What is predicted; mean and deviation are those of the train part."""

    name: str
    mean: float
    deviation: Annotated[float, Field(gt=0)]


class RegressorCard(Card):
    """A model of rows; `model.keras` takes them encoded and gives the quantity in units of the data."""

    family: Literal["tabular_regressor"]
    input_shape: tuple[int]
    """Numbers of an encoded row."""
    reads: tuple[ReadColumn, ...] = ()
    """The columns of the data, where steps come before the encoding."""
    steps: tuple[AnyFitted, ...] = ()
    """Of `preprocess`, as they were fitted on the train part, in order. `ml.tables.encoder` applies them."""
    encoding: Encoding
    """What becomes of the columns after them; fitted on the train part, too."""
    quantity: Quantity

    def learned(self) -> dict[str, Any]:
        return {"quantity": self.quantity.name}


def card_text(card: RegressorCard) -> CardText:
    """Return what a model card says of such a model in particular."""
    lines = "\n".join(f"- `{one.model_dump_json()}`" for one in (*card.steps, *card.encoding))
    return CardText(
        kind="A model of the rows of a table",
        learns=f"the quantity {card.quantity.name}",
        usage=f"`model.keras` takes rows encoded as below, {card.input_shape[0]} numbers of float32, and gives"
        f" {card.quantity.name} in units of the data. The loss is the squared error in deviations of"
        f" {card.quantity.deviation:.6g}; the error is the mean absolute one.",
        preparation=f"Fitted on the train part, steps first, then one line a column:\n\n{lines}",
    )
