"""Random numbers for augmentation: a pure function of (seed, epoch, step position, draw, example).

A generator with state would make the result of an example depend on the examples before it, and a resumed run would
differ from an uninterrupted one. So each number is a hash of its own coordinates: SplitMix64 (Steele, Lea, Flood,
"Fast Splittable Pseudorandom Number Generators", OOPSLA 2014), chained over the key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

_Words = npt.NDArray[np.uint64]
_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_FIRST: Final = np.uint64(0xBF58476D1CE4E5B9)
_SECOND: Final = np.uint64(0x94D049BB133111EB)


@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """The random numbers of one step over one batch."""

    seed: int
    epoch: int
    position: int
    """Place of the step among the augmenting steps: two equal steps draw different numbers."""
    examples: npt.NDArray[np.int64]
    """Row of each example in the train part, shape (batch,)."""

    def uniform(self, draw: int) -> npt.NDArray[np.float64]:
        """Return one number of [0, 1) for each example, shape (batch,). Each `draw` of a step gives other ones."""
        words = np.zeros(len(self.examples), np.uint64)
        for coordinate in (self.seed, self.epoch, self.position, draw):
            words = _mixed(words ^ np.uint64(coordinate))
        words = _mixed(words ^ self.examples.astype(np.uint64))
        return (words >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def uniforms(self, draws: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """Return what `uniform` gives for each of these draws, shape (batch, draws)."""
        words = np.zeros(1, np.uint64)
        for coordinate in (self.seed, self.epoch, self.position):
            words = _mixed(words ^ np.uint64(coordinate))
        words = _mixed(words ^ draws.astype(np.uint64))
        words = _mixed(words[None, :] ^ self.examples.astype(np.uint64)[:, None])
        return (words >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def between(self, draw: int, low: float, high: float) -> npt.NDArray[np.float64]:
        """Return one number of [low, high) for each example; `low` itself where both are the same."""
        return low + self.uniform(draw) * (high - low)

    def integers(self, draw: int, largest: int) -> npt.NDArray[np.int64]:
        """Return one whole number of -largest..largest for each example, all equally likely."""
        return np.floor(self.uniform(draw) * (2 * largest + 1)).astype(np.int64) - largest


def _mixed(words: _Words) -> _Words:
    words = words + _GOLDEN
    words = (words ^ (words >> np.uint64(30))) * _FIRST
    words = (words ^ (words >> np.uint64(27))) * _SECOND
    return words ^ (words >> np.uint64(31))
