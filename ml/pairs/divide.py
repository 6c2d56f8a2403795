"""Divides pairs into train, validation and test by their sources: those with the same words are in one part."""

from __future__ import annotations

import re
from typing import Final

import numpy as np

from ml.data.split import Parts, divide_count
from ml.pairs.pair_set import PairSet
from trainshed.specs import Split

_LETTERS: Final = re.compile(r"\w+")


def divide_pairs(pairs: PairSet, split: Split) -> Parts:
    """Divide the rows. Raises `InvalidData` when a part would come out empty.

    `Save as`, `Save As...` and `Save as:` differ in marks and capitals alone. The shares are of groups of such sources.
    """
    numbers: dict[str, int] = {}
    groups = np.array([numbers.setdefault(_words(text), len(numbers)) for text in pairs.sources], np.int64)
    drawn = divide_count(len(numbers), split)
    train, validation, test = (
        np.flatnonzero(np.isin(groups, part)).astype(np.int64) for part in (drawn.train, drawn.validation, drawn.test)
    )
    return Parts(train, validation, test)


def _words(text: str) -> str:
    """Return what tells a source from others; of one without words all of it."""
    return " ".join(_LETTERS.findall(text.casefold())) or text
