"""What a model card says of an image classifier in particular."""

from __future__ import annotations

import json

from ml.model.card import ModelCard
from ml.model.card_text import CardText, named_classes


def card_text(card: ModelCard) -> CardText:
    """Return the words."""
    height, width, channels = card.input_shape
    return CardText(
        kind="An image classifier",
        learns=named_classes(card.classes),
        usage=f"`model.keras` takes raw images of {height} x {width} pixels and {channels} channel(s), float32, and"
        " gives one logit a class; their softmax are probabilities.",
        preparation=_preprocessing(card),
    )


def _preprocessing(card: ModelCard) -> str:
    steps = [step.model_dump(mode="json") for step in card.preprocess]
    listed = "\n".join(f"{number}. `{json.dumps(step)}`" for number, step in enumerate(steps, start=1))
    return f"Part of the saved model, in order:\n\n{listed}" if listed else "None."
