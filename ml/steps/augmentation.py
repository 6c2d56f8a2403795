"""The steps of training alone. What an example becomes depends on (seed, epoch, example) and on nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.steps.draws import Draws
from ml.steps.registry import AUGMENTATIONS
from trainshed.specs import Step


@dataclass(frozen=True, slots=True)
class Augmentation:
    """The augmenting steps of a spec, in order."""

    steps: tuple[Step, ...]
    seed: int

    @classmethod
    def of(cls, steps: Sequence[Step], *, seed: int) -> Augmentation:
        """Take the augmenting ones of all `steps`."""
        return cls(tuple(step for step in steps if step.augments), seed)

    def __call__(
        self, images: npt.NDArray[np.float32], *, epoch: int, examples: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.float32]:
        """Return the batch (n, height, width, channels) augmented; `examples` (n,) are its rows in the train part."""
        for position, step in enumerate(self.steps):
            images = AUGMENTATIONS[type(step)](step, images, Draws(self.seed, epoch, position, examples))
        return images
