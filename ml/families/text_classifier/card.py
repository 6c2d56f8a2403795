"""The card of a classifier of texts: beside the common fields, its vocabulary."""

from __future__ import annotations

from typing import Literal

from ml.model.card import ClassifierCard
from ml.model.card_text import CardText, named_classes
from ml.texts import TextEncoding
from trainshed.specs.preprocess import AnyStep


class TextCard(ClassifierCard):
    """A classifier of texts; `model.keras` takes them encoded."""

    family: Literal["text_classifier"]
    input_shape: tuple[int]
    """Numbers of an encoded text."""
    preprocess: tuple[AnyStep, ...] = ()
    """Steps that clean a text before it is encoded. `ml.texts.encode_for` applies them and the encoding."""
    encoding: TextEncoding
    """Fitted on the train part."""
    column: str = ""
    """What the column of texts was called, where they were in one."""


def card_text(card: TextCard) -> CardText:
    """Return what a model card says of such a classifier in particular."""
    encoding = card.encoding
    listed = "".join(f"- `{step.model_dump_json()}`\n" for step in card.preprocess)
    steps = f"Steps first:\n\n{listed}\n" if listed else ""
    pairs = ", and then each two words that follow each other" if encoding.pairs else ""
    return CardText(
        kind="A classifier of texts",
        learns=named_classes(card.classes),
        usage=f"`model.keras` takes texts encoded as below, {encoding.length} numbers of int32, and gives one logit a"
        " class; their softmax are probabilities.",
        preparation=f"{steps}Letters become lower case (Unicode NFKC), words and marks are taken apart{pairs}. Each is"
        f" its place in `encoding.vocabulary` of `model.json` plus 2, of {len(encoding.vocabulary):,}; 1 stands"
        " for all others, 0 for nothing.",
    )
