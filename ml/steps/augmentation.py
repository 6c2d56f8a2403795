"""The steps of training alone. What an example becomes depends on (seed, epoch, example) and on nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from ml.data import Labels
from ml.steps.draws import Draws
from ml.steps.mixed import Mixed
from ml.steps.registry import AUGMENTATIONS, MIXTURES
from trainshed.specs import Step

_Images = npt.NDArray[np.float32]
_Rows = npt.NDArray[np.int64]
_PARTNER: Final = 9
"""The draw that chooses the partner of an example; a step itself uses lower ones."""


def mixes(steps: Sequence[Step]) -> bool:
    """Return whether labels come out of these steps as shares of classes."""
    return any(type(step) in MIXTURES for step in steps)


@dataclass(frozen=True, slots=True, eq=False)
class Augmentation:
    """The augmenting steps of a spec, in order, over the train part that they are for."""

    steps: tuple[Step, ...]
    seed: int
    images: _Images
    """The train part as the network takes it, shape (n, height, width, channels)."""
    labels: Labels
    n_classes: int

    @classmethod
    def of(cls, steps: Sequence[Step], *, seed: int, images: _Images, labels: Labels, n_classes: int) -> Augmentation:
        """Take the augmenting ones of all `steps`."""
        return cls(tuple(step for step in steps if step.augments), seed, images, labels, n_classes)

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def mixes(self) -> bool:
        """Whether labels come out as shares of classes."""
        return mixes(self.steps)

    def __call__(self, rows: _Rows, *, epoch: int) -> tuple[_Images, npt.NDArray[np.int64] | npt.NDArray[np.float32]]:
        """Return the examples of these rows, augmented: images, and labels (n,) or shares (n, classes)."""
        if self.mixes:
            mixed = self._mixed(rows, epoch, len(self.steps))
            return mixed.images, mixed.shares
        return self._changed(self.images[rows], rows, epoch, 0, len(self.steps)), self.labels[rows]

    def _mixed(self, rows: _Rows, epoch: int, end: int) -> Mixed:
        """Apply the first `end` steps. A partner goes through those before the step that mixes it in."""
        last = next((place for place in reversed(range(end)) if type(self.steps[place]) in MIXTURES), None)
        if last is None:
            return Mixed(self._changed(self.images[rows], rows, epoch, 0, end), self._shares(rows))
        step, draws = self.steps[last], Draws(self.seed, epoch, last, rows)
        partners = np.floor(draws.uniform(_PARTNER) * len(self.images)).astype(np.int64)
        ours, others = self._mixed(rows, epoch, last), self._mixed(partners, epoch, last)
        mixed = MIXTURES[type(step)](step, ours, others, draws)
        return Mixed(self._changed(mixed.images, rows, epoch, last + 1, end), mixed.shares)

    def _changed(self, images: _Images, rows: _Rows, epoch: int, start: int, end: int) -> _Images:
        """Apply the steps `start` to `end`, none of which mixes."""
        for place in range(start, end):
            step = self.steps[place]
            images = AUGMENTATIONS[type(step)](step, images, Draws(self.seed, epoch, place, rows))
        return images

    def _shares(self, rows: _Rows) -> npt.NDArray[np.float32]:
        return np.eye(self.n_classes, dtype=np.float32)[self.labels[rows]]
