"""The card of a translator: beside the common fields, what parts of words texts are made of."""

from __future__ import annotations

from typing import Any, Literal

from ml.model.card import Card
from ml.model.card_text import CardText
from ml.pairs import Subwords


class TranslatorCard(Card):
    """A translator; `model.keras` takes a source and the beginning of a target, and says how it goes on."""

    family: Literal["translator"]
    names: tuple[str, str]
    """What source and target are called."""
    subwords: Subwords
    """Fitted on the train part."""
    length: int
    """Parts of words that a text has at most."""
    beam: int
    mean_length: float
    """Parts of words of a target of the train part."""

    def learned(self) -> dict[str, Any]:
        return {"source": self.names[0], "target": self.names[1]}


def card_text(card: TranslatorCard) -> CardText:
    """Return what a model card says of such a model in particular."""
    return CardText(
        kind="A translator",
        learns=f"{card.names[0]} to {card.names[1]}",
        usage="`model.keras` takes (2, length) of int32: the parts of words of the source and 3, and below them 2 and"
        " those of the target so far; 0 fills up. It gives a logit for each part that may come next. The loss is"
        f" cross-entropy by {card.mean_length:.6g} parts, the accuracy the share of parts that are right when all"
        " before are given.",
        preparation=f"Unicode NFC, single spaces. Words are taken apart by byte-pair encoding; a part is its place in"
        f" `subwords.pieces` of `model.json` plus 4, of {len(card.subwords.pieces):,}; 1 stands for letters that the"
        " train part has not.",
    )
