"""Texts in, translations out: what an evaluation and a prediction do with a trained translator."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final

import keras
import numpy as np
import numpy.typing as npt

from ml.families.translator.card import TranslatorCard
from ml.families.translator.decoding import make_translate
from ml.pairs import Splitter, encode_sources
from ml.report import Report
from ml.training.order import batches
from ml.training.progress import ProgressMeter

Numbers = npt.NDArray[np.int32]
_MOST_BEGINNINGS: Final = 1024
"""Followed at a time: bounds memory."""


def translator_of(model: keras.Model, card: TranslatorCard) -> Callable[[Numbers], list[str]]:
    """Return a function from encoded sources (n, length) to translations."""
    splitter = Splitter(card.subwords)
    translate = make_translate(model, card.preset, beam=card.beam, length=card.length)
    at_once = at_most(card)

    def translated(sources: Numbers) -> list[str]:
        pieces = (translate(sources[start : start + at_once]) for start in range(0, len(sources), at_once))
        return [splitter.decode(said) for numbers in pieces for said in numbers.tolist()]

    return translated


def at_most(card: TranslatorCard) -> int:
    """Return how many texts are translated together at most."""
    return max(1, _MOST_BEGINNINGS // card.beam)


def translated_texts(
    model: keras.Model,
    card: TranslatorCard,
    texts: Sequence[str],
    *,
    batch_size: int,
    report: Report,
    clock: Callable[[], float],
) -> list[str]:
    """Return the translation of each text. Texts of about the same length are translated together."""
    translated = translator_of(model, card)
    encoded = encode_sources(Splitter(card.subwords), texts, length=card.length)
    at_once = min(batch_size, at_most(card))
    order = np.argsort([len(one) for one in encoded], kind="stable")
    progress = ProgressMeter(report, epochs=1, steps_per_epoch=math.ceil(len(texts) / at_once), clock=clock)
    found = [""] * len(texts)
    for step, rows in enumerate(batches(order, at_once), start=1):
        for row, text in zip(rows.tolist(), translated(padded([encoded[row] for row in rows])), strict=True):
            found[row] = text
        progress.at(step)
    return found


def padded(encoded: Sequence[Sequence[int]]) -> Numbers:
    """Return encoded texts as (n, length of the longest), 0 behind their ends."""
    filled = np.zeros((len(encoded), max(map(len, encoded))), np.int32)
    for row, numbers in enumerate(encoded):
        filled[row, : len(numbers)] = numbers
    return filled
