"""Texts in, translations out: what an evaluation and a prediction do with a trained translator."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final

import keras
import numpy as np

from ml.families.translator.card import TranslatorCard
from ml.families.translator.decoding import make_translate
from ml.pairs import Splitter, encode_sources
from ml.report import Report
from ml.training.order import batches
from ml.training.progress import ProgressMeter

_MOST_BEGINNINGS: Final = 1024
"""Followed at a time: bounds memory."""


def translated(
    model: keras.Model,
    card: TranslatorCard,
    texts: Sequence[str],
    *,
    batch_size: int,
    report: Report,
    clock: Callable[[], float],
) -> list[str]:
    """Return the translation of each text. Texts of about the same length are translated together."""
    splitter = Splitter(card.subwords)
    encoded = encode_sources(splitter, texts, length=card.length)
    translate = make_translate(model, card.preset, beam=card.beam, length=card.length)
    at_once = max(1, min(batch_size, _MOST_BEGINNINGS // card.beam))
    order = np.argsort([len(one) for one in encoded], kind="stable")
    progress = ProgressMeter(report, epochs=1, steps_per_epoch=math.ceil(len(texts) / at_once), clock=clock)
    found = [""] * len(texts)
    for step, rows in enumerate(batches(order, at_once), start=1):
        numbers = translate(_padded([encoded[row] for row in rows]))
        for row, said in zip(rows.tolist(), numbers.tolist(), strict=True):
            found[row] = splitter.decode(said)
        progress.at(step)
    return found


def _padded(encoded: Sequence[Sequence[int]]) -> np.ndarray:
    padded = np.zeros((len(encoded), max(map(len, encoded))), np.int32)
    for row, numbers in enumerate(encoded):
        padded[row, : len(numbers)] = numbers
    return padded
