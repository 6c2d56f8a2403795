"""Parts of words, learned by byte-pair encoding (Sennrich, Haddow and Birch, "Neural machine translation of rare words
with subword units", 2016): frequent words are one piece, others a few.

What the pieces are is fitted on texts of the train part alone and kept on the model's card. Written here, and not taken
from a package: those there are bring a client of a hub of models, or a format of their own that a card cannot show.
"""

from __future__ import annotations

import heapq
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Annotated, Final

from pydantic import Field

from trainshed.specs import SpecModel

PAD: Final = 0
UNKNOWN: Final = 1
BEGIN: Final = 2
END: Final = 3
FIRST: Final = 4
"""The number of the first piece."""
_SPACE: Final = "\N{LOWER ONE EIGHTH BLOCK}"
"""Stands for the space before a word within a piece."""
_WORD: Final = re.compile(rf"{_SPACE}?\w+|{_SPACE}?[^\w{_SPACE}]+|{_SPACE}")
_FEWEST: Final = 2
"""How often two pieces must follow each other to become one, and a letter must occur to be one."""


class Subwords(SpecModel):
    """The pieces of a model: letters first, then what was put together of them, in that order."""

    pieces: Annotated[tuple[str, ...], Field(min_length=1)]
    """The piece at place 0 is the number 4."""

    @property
    def size(self) -> int:
        """How many different numbers there are."""
        return len(self.pieces) + FIRST


class Splitter:
    """Turns texts into numbers of pieces and back."""

    def __init__(self, subwords: Subwords) -> None:
        self._pieces = subwords.pieces
        self._ranks = {piece: rank for rank, piece in enumerate(subwords.pieces)}
        self._known: dict[str, list[int]] = {}

    def encode(self, text: str) -> list[int]:
        """Return the numbers of the pieces of a text; a letter that was never seen is `UNKNOWN`."""
        return [number for word in words_in(text) for number in self._of_word(word)]

    def decode(self, numbers: Iterable[int]) -> str:
        """Return the text of numbers up to `END`; of those that stand for no piece nothing is said."""
        said = []
        for number in numbers:
            if number == END:
                break
            if number >= FIRST:
                said.append(self._pieces[number - FIRST])
        return "".join(said).replace(_SPACE, " ").strip()

    def _of_word(self, word: str) -> list[int]:
        if word not in self._known:
            self._known[word] = [self._number(piece) for piece in self._split(word)]
        return self._known[word]

    def _number(self, piece: str) -> int:
        rank = self._ranks.get(piece)
        return UNKNOWN if rank is None else rank + FIRST

    def _split(self, word: str) -> Sequence[str]:
        """Put the pair together that was put together first, as long as there is one."""
        pieces = list(word)
        none = len(self._pieces)
        while len(pieces) > 1:
            ranks = [self._ranks.get(left + right, none) for left, right in pairwise(pieces)]
            best = min(ranks)
            if best == none:
                break
            at = ranks.index(best)
            pieces[at : at + 2] = [pieces[at] + pieces[at + 1]]
        return pieces


def normal(text: str) -> str:
    """Return a text in Unicode NFC with single spaces."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def words_in(text: str) -> list[str]:
    """Return the words and marks of a text, each with the space before it."""
    return _WORD.findall(_SPACE + normal(text).replace(" ", _SPACE))


def fit_subwords(texts: Iterable[str], *, vocabulary: int) -> Subwords:
    """Learn at most so many pieces. Of pairs that are equally frequent, the first by its letters comes first."""
    counts = Counter(word for text in texts for word in words_in(text))
    letters: Counter[str] = Counter()
    for word, count in counts.items():
        for letter in word:
            letters[letter] += count
    alphabet = sorted(letter for letter, count in letters.items() if count >= _FEWEST) or sorted(letters)
    merged = _Merging(counts).pieces(at_most=max(0, vocabulary - FIRST - len(alphabet)), known=set(alphabet))
    return Subwords(pieces=(*alphabet, *merged))


class _Merging:
    """Words as lists of pieces, and how often which pieces follow each other in them."""

    def __init__(self, counts: Counter[str]) -> None:
        self._words = [list(word) for word in counts]
        self._counts = list(counts.values())
        self._pairs: Counter[tuple[str, str]] = Counter()
        self._where: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
        for at in range(len(self._words)):
            self._note(at, +1)
        self._heap = [(-count, pair) for pair, count in self._pairs.items()]
        heapq.heapify(self._heap)

    def pieces(self, *, at_most: int, known: set[str]) -> list[str]:
        """Put the most frequent pair together, again and again, and return what comes of it, each piece once."""
        found: list[str] = []
        while len(found) < at_most and (pair := self._most_frequent()) is not None:
            piece = pair[0] + pair[1]
            if piece not in known:
                known.add(piece)
                found.append(piece)
            self._merge(pair)
        return found

    def _most_frequent(self) -> tuple[str, str] | None:
        while self._heap:
            count, pair = heapq.heappop(self._heap)
            if -count < _FEWEST:
                return None
            if self._pairs[pair] == -count:  # otherwise it has changed since, and is in the heap once more
                return pair
        return None

    def _merge(self, pair: tuple[str, str]) -> None:
        changed: set[tuple[str, str]] = set()
        for at in sorted(self._where[pair]):
            changed |= self._note(at, -1)
            self._words[at] = _merged(self._words[at], pair)
            changed |= self._note(at, +1)
        for each in changed:
            if self._pairs[each] > 0:
                heapq.heappush(self._heap, (-self._pairs[each], each))

    def _note(self, at: int, sign: int) -> set[tuple[str, str]]:
        """Count the pairs of a word, or take them back, and return them."""
        word = self._words[at]
        pairs = list(pairwise(word))
        for pair in pairs:
            self._pairs[pair] += sign * self._counts[at]
            (self._where[pair].add if sign > 0 else self._where[pair].discard)(at)
        return set(pairs)


def _merged(word: list[str], pair: tuple[str, str]) -> list[str]:
    pieces: list[str] = []
    for piece in word:
        if pieces and (pieces[-1], piece) == pair:
            pieces[-1] += piece
        else:
            pieces.append(piece)
    return pieces
