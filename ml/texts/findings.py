"""What a training job says of its texts before it begins: texts that are in two parts."""

from __future__ import annotations

import numpy as np

from ml.data import Parts
from ml.data.copies import copies_across
from ml.texts.text_set import TextSet
from ml.texts.words import words_of


def text_findings(texts: TextSet, parts: Parts) -> tuple[str, ...]:
    """Return what is wrong with how the texts are divided, in words. Empty: nothing was found."""
    named = {"train": parts.train, "validation": parts.validation, "test": parts.test}
    return tuple(
        f"{count:,} of the {len(named[later]):,} {later} texts {'is' if count == 1 else 'are'} in {earlier}, too, word"
        " by word: what is measured on them is too good; set data.clean.duplicates to drop"
        for (earlier, later), count in copies_across(_first_equal(texts), named).items()
    )


def _first_equal(texts: TextSet) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return for each text the row of the first one with the same words."""
    first: dict[str, int] = {}
    equal = [first.setdefault(" ".join(words_of(text)), row) for row, text in enumerate(texts.texts)]
    return np.array(equal, np.int64)
