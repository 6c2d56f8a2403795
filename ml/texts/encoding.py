"""How a text becomes the numbers that a network takes: fitted on the train part alone, kept on the model's card.

Each word is a number: 0 stands for no word, 1 for every word that is not in the vocabulary.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Annotated, Final

import numpy as np
import numpy.typing as npt
from pydantic import Field

from ml.texts.words import with_pairs, words_of
from trainshed.specs import SpecModel

_FIRST: Final = 2
_LEAST_COUNT: Final = 2
_ALMOST_ALL: Final = 99.0
"""Percent of the texts of the train part that are looked at whole."""


class TextEncoding(SpecModel):
    """The vocabulary of a model, and how much of a text it looks at."""

    vocabulary: Annotated[tuple[str, ...], Field(min_length=1)]
    """The word at place 0 is the number 2."""
    pairs: bool
    """Whether pairs of words count as words, after all words of a text."""
    length: Annotated[int, Field(ge=1)]
    """Numbers of an encoded text."""

    @property
    def size(self) -> int:
        """How many different numbers there are."""
        return len(self.vocabulary) + _FIRST


def fit_text_encoding(texts: Iterable[str], *, pairs: bool, vocabulary: int, length: int) -> TextEncoding:
    """Fit on the texts of the train part. Of words that are equally frequent, the first by its letters comes first."""
    counts: Counter[str] = Counter()
    lengths = []
    for text in texts:
        words = words_of(text)[:length]
        lengths.append(len(words))
        counts.update(with_pairs(words) if pairs else words)
    frequent = sorted(counts.items(), key=lambda found: (-found[1], found[0]))
    kept = [word for word, count in frequent if count >= _LEAST_COUNT] or [word for word, _ in frequent]
    looked_at = min(length, max(1, int(np.ceil(np.percentile(lengths, _ALMOST_ALL)))))
    return TextEncoding(
        vocabulary=tuple(kept[:vocabulary]), pairs=pairs, length=2 * looked_at - 1 if pairs else looked_at
    )


def encode_texts(encoding: TextEncoding, texts: Sequence[str]) -> npt.NDArray[np.int32]:
    """Return the texts as (n, length); what is longer is cut."""
    return encode_words(encoding, [words_looked_at(encoding, text) for text in texts])


def words_looked_at(encoding: TextEncoding, text: str) -> list[str]:
    """Return the words of a text without those that are too many."""
    return words_of(text)[: (encoding.length + 1) // 2 if encoding.pairs else encoding.length]


def encode_words(encoding: TextEncoding, texts: Sequence[list[str]]) -> npt.NDArray[np.int32]:
    """Return texts, each as the words of it that are looked at, as (n, length)."""
    places = {word: number for number, word in enumerate(encoding.vocabulary, start=_FIRST)}
    encoded = np.zeros((len(texts), encoding.length), np.int32)
    for row, words in enumerate(texts):
        numbers = [places.get(word, 1) for word in (with_pairs(words) if encoding.pairs else words)]
        encoded[row, : len(numbers) or 1] = numbers or 1  # the mean over no word is no number
    return encoded
