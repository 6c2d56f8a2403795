"""The card of a recommender: beside the common fields, who and what it knows, and what each user has chosen."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from ml.model.card import Card
from ml.model.card_text import CardText
from trainshed.specs import SpecModel


class Rating(SpecModel):
    """What is predicted of explicit feedback; mean and deviation are those of the train part."""

    name: str
    mean: float
    deviation: Annotated[float, Field(gt=0)]


class RecommenderCard(Card):
    """A recommender; `model.keras` takes pairs of numbers of a user and an item."""

    family: Literal["recommender"]
    input_shape: tuple[int]
    feedback: Literal["explicit", "implicit"]
    users: tuple[str, ...]
    """Those of the train part; the first has the number 1."""
    items: tuple[str, ...]
    chosen: tuple[tuple[int, ...], ...]
    """For each user the numbers of all items of the train part, in the order of time where it is known."""
    rating: Rating | None = None
    """Of explicit feedback."""

    def learned(self) -> dict[str, Any]:
        return {"feedback": self.feedback, "users": len(self.users), "items": len(self.items)}


def card_text(card: RecommenderCard) -> CardText:
    """Return what a model card says of such a model in particular."""
    gives = (
        f"the {card.rating.name} in units of the data; the loss is the squared error in deviations of"
        f" {card.rating.deviation:.6g}, the error the mean absolute one"
        if card.rating
        else "one logit an item, the first for none that is known; what it is asked of is then the item to leave out of"
        " the user's history, 0 for none"
    )
    return CardText(
        kind="A recommender",
        learns=f"{len(card.items):,} items by {len(card.users):,} users, {card.feedback} feedback",
        usage=f"`model.keras` takes pairs (user, item) of int32, and gives {gives}.",
        preparation="A user is a number: the place in `users` of `model.json` plus 1. So is an item, by `items`. 0"
        " stands for all that were not in the train part; of such a user only what all users like is known.",
    )
