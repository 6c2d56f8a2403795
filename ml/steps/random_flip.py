"""`random_flip`: each image mirrored with probability one half, along each of its directions by itself."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ml.steps.draws import Draws
from trainshed.specs import RandomFlip

_AXES = {"vertical": (1,), "horizontal": (2,), "both": (1, 2)}


def random_flip(step: RandomFlip, images: npt.NDArray[np.float32], draws: Draws) -> npt.NDArray[np.float32]:
    """Return a batch (n, height, width, channels) of the same shape; `images` stays as it is."""
    for axis in _AXES[step.direction]:
        chosen = draws.uniform(axis) < 0.5
        images = np.where(chosen[:, None, None, None], np.flip(images, axis), images)
    return images
