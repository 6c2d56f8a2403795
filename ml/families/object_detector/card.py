"""The card of a detector: beside the common fields, how its maps become boxes in pixels of a raw picture."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import Field

from ml.boxes.frames import Frame
from ml.model.card import Card
from ml.model.card_text import CardText, named_classes
from trainshed.specs import SpecModel
from trainshed.specs.preprocess import AnyStep


class MeanBox(SpecModel):
    """The mean of all boxes of a class in the train part, in pixels of a raw picture."""

    left: float
    top: float
    right: float
    bottom: float


class DetectorCard(Card):
    """A detector; `model.keras` takes raw pictures and gives maps."""

    family: Literal["object_detector"]
    input_shape: tuple[int, int, int]
    """Height, width and channels of a raw picture."""
    classes: Annotated[tuple[str, ...], Field(min_length=1)]
    """Names in the order of the maps."""
    preprocess: tuple[AnyStep, ...]
    """Steps that are part of the saved model."""
    stride: int
    """Pixels of a cell, as the network sees pictures."""
    frame: Frame
    """Where the steps bring a place of a raw picture."""
    threshold: Annotated[float, Field(ge=0, le=1)]
    """The score from which on a box is an answer: where the validation part has the best F1."""
    mean_boxes: tuple[MeanBox, ...]
    """Of each class."""

    def learned(self) -> dict[str, Any]:
        return {"classes": list(self.classes), "threshold": self.threshold}


def card_text(card: DetectorCard) -> CardText:
    """Return what a model card says of such a model in particular."""
    height, width, channels = card.input_shape
    steps = "\n".join(
        f"{number}. `{json.dumps(step.model_dump(mode='json'))}`"
        for number, step in enumerate(card.preprocess, start=1)
    )
    return CardText(
        kind="A detector",
        learns=f"boxes of {named_classes(card.classes)}",
        usage=f"`model.keras` takes raw pictures of {height} x {width} pixels and {channels} channel(s), float32, and"
        f" gives maps of one cell for {card.stride} x {card.stride} pixels: one logit a class for the middle of a"
        " thing, then where the middle is from that of the cell, to the right and down in cells, and the logarithms of"
        " width and height by 8 cells. A cell that is surer than its neighbours is a box; from a score of"
        f" {card.threshold:.3f} on it is an answer. The score of an epoch is the share of boxes whose middle says the"
        " right class and a box that overlaps by half.",
        preparation=f"Part of the saved model, in order:\n\n{steps}" if steps else "None.",
    )
