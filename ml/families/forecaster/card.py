"""The card of a forecaster: beside the common fields, how windows are encoded and which quantiles come out."""

from __future__ import annotations

from typing import Any, Literal

from ml.model.card import Card
from ml.model.card_text import CardText
from ml.series.scaling import Scale


class ForecasterCard(Card):
    """A model of windows; `model.keras` takes them encoded and gives quantiles for each step ahead."""

    family: Literal["forecaster"]
    input_shape: tuple[int]
    """Values of a window."""
    target: str
    horizon: int
    season: int
    scale: Scale
    quantiles: tuple[float, float, float]
    """Of the outputs of each step: lower end of the interval, middle, upper end."""
    naive_error: float
    """Mean absolute error of the seasonal naive forecast over the train part, in units of the data."""

    def learned(self) -> dict[str, Any]:
        return {"target": self.target, "horizon": self.horizon}


def card_text(card: ForecasterCard) -> CardText:
    """Return what a model card says of such a model in particular."""
    lower, _, upper = card.quantiles
    before = "The logarithm is taken first, and undone at the end. " if card.scale == "log" else ""
    return CardText(
        kind="A forecaster",
        learns=f"{card.target}, {card.horizon} steps ahead",
        usage=f"`model.keras` takes the last {card.input_shape[0]} values, encoded as below, and gives for each step"
        f" the quantiles {lower:g}, 0.5 and {upper:g} of how far it will be from the value one season ({card.season})"
        " before. Loss and error are in multiples of the mean change from season to season.",
        preparation=f"{before}The last value is subtracted, and the rest divided by the mean absolute change of the"
        " window from season to season. Nothing is fitted.",
    )
