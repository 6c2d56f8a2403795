"""Pictures with boxes as an epoch of training has them: a pure function of (seed, epoch, picture)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
import numpy.typing as npt

from ml.boxes.box_set import Boxes, Pixels
from ml.boxes.following import moved
from ml.steps.draws import Draws
from ml.steps.registry import AUGMENTATIONS
from ml.steps.seen import through
from trainshed.specs import Step


@dataclass(frozen=True, slots=True, eq=False)
class BoxAugmentation:
    """The train part with the steps of a spec. Pictures stay bytes until their turn comes: floats take four times as
    much memory."""

    steps: tuple[Step, ...]
    """Those of training alone."""
    layers: Sequence[keras.Layer]
    """Those that are saved with the model."""
    seed: int
    images: Pixels
    targets: Boxes
    """Shape (n, most, 5), as the network sees them without augmentation."""

    def __len__(self) -> int:
        return len(self.images)

    def __call__(self, rows: npt.NDArray[np.int64], *, epoch: int) -> tuple[npt.NDArray[np.float32], Boxes]:
        """Return pictures (n, height, width, channels) and their boxes (n, most, 5)."""
        images, targets = through(self.layers, self.images[rows]), self.targets[rows]
        _, height, width, _ = images.shape
        for place, step in enumerate(self.steps):
            draws = Draws(self.seed, epoch, place, rows)
            images = AUGMENTATIONS[type(step)](step, images, draws)
            targets = moved(step, targets, draws, height=height, width=width)
        return images, targets
