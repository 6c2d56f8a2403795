"""`drop_words` and `swap_words`: what a text becomes in an epoch is a function of (seed, epoch, text) alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ml.steps.draws import Draws
from ml.texts.encoding import TextEncoding, encode_words, words_looked_at
from trainshed.specs import DropWords, Step, SwapWords

_Rows = npt.NDArray[np.int64]
_Words = list[list[str]]
_THE_LAST: Final = 1 << 20
"""The draw that says which word stays where all would go; those of the words are lower."""


@dataclass(frozen=True, slots=True, eq=False)
class TextAugmentation:
    """The augmenting steps of a spec, in order, over the train part that they are for. It is a `Source`."""

    steps: tuple[Step, ...]
    seed: int
    encoding: TextEncoding
    words: _Words
    """Of each text of the train part, as many as are looked at."""
    targets: npt.NDArray[Any]

    @classmethod
    def of(
        cls,
        steps: Sequence[Step],
        *,
        seed: int,
        encoding: TextEncoding,
        texts: Sequence[str],
        targets: npt.NDArray[Any],
    ) -> TextAugmentation:
        """Take the augmenting ones of all `steps`; `texts` are as the others leave them."""
        words = [words_looked_at(encoding, text) for text in texts]
        return cls(tuple(step for step in steps if step.augments), seed, encoding, words, targets)

    def __len__(self) -> int:
        return len(self.targets)

    def __call__(self, rows: _Rows, *, epoch: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[Any]]:
        """Return the texts, augmented and encoded, and their targets as they are."""
        words = [self.words[row] for row in rows]
        for place, step in enumerate(self.steps):
            words = _CHANGES[type(step)](step, words, Draws(self.seed, epoch, place, rows))
        return encode_words(self.encoding, words), self.targets[rows]


def _dropped(step: DropWords, words: _Words, draws: Draws) -> _Words:
    longest = max(map(len, words), default=0)
    stays = draws.uniforms(np.arange(longest, dtype=np.int64)) >= step.share
    chosen = draws.uniform(_THE_LAST)
    return [
        [word for word, stay in zip(some, stays[row], strict=False) if stay] or _one_of(some, float(chosen[row]))
        for row, some in enumerate(words)
    ]


def _one_of(words: list[str], chosen: float) -> list[str]:
    return [words[int(chosen * len(words))]] if words else []


def _swapped(step: SwapWords, words: _Words, draws: Draws) -> _Words:
    swapped = [list(some) for some in words]
    for swap in range(step.swaps):
        drawn = draws.uniform(swap)
        for some, draw in zip(swapped, drawn, strict=True):
            if len(some) > 1:
                place = int(draw * (len(some) - 1))
                some[place], some[place + 1] = some[place + 1], some[place]
    return swapped


_CHANGES: Final[dict[type[Step], Callable[[Any, _Words, Draws], _Words]]] = {DropWords: _dropped, SwapWords: _swapped}
"""Steps of training alone: `(step, words, draws)` gives the words of as many texts."""
AUGMENTATIONS: Final = frozenset(_CHANGES)
