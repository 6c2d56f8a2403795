"""What counts as a word, the same in training, in evaluation and for the baseline."""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise
from typing import Final

_WORD: Final = re.compile(r"\w+(?:['\u2019]\w+)*|[^\w\s]+")


def words_of(text: str) -> list[str]:
    """Return the words of a text, and its marks by themselves: `Not bad :)` gives `not`, `bad`, `:)`.

    Letters are put into one form (Unicode NFKC) and into lower case.
    """
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def with_pairs(words: list[str]) -> list[str]:
    """Return the words, and after them each two that follow each other."""
    return words + [f"{first} {second}" for first, second in pairwise(words)]
