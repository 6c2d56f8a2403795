"""From texts to the numbers that a network takes: the one way to them in evaluation and prediction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ml.texts.encoding import TextEncoding, encode_texts
from ml.texts.steps import clean_texts
from trainshed.specs import Step


class PreparesTexts(Protocol):
    """A card that says how texts are prepared."""

    @property
    def preprocess(self) -> Sequence[Step]: ...
    @property
    def encoding(self) -> TextEncoding: ...


def encode_for(card: PreparesTexts, texts: Sequence[str]) -> npt.NDArray[np.int32]:
    """Return texts as the model of a card takes them, (n, length)."""
    return encode_texts(card.encoding, clean_texts(card.preprocess, texts))
