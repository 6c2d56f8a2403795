"""`random_contrast`: the distance of each pixel from the mean of its image, multiplied."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ml.steps.draws import Draws
from trainshed.specs import RandomContrast


def random_contrast(step: RandomContrast, images: npt.NDArray[np.float32], draws: Draws) -> npt.NDArray[np.float32]:
    """Return a batch (n, height, width, channels) of the same shape; `images` stays as it is."""
    change = draws.between(0, -step.amount, step.amount).astype(np.float32)[:, None, None, None]
    changed: npt.NDArray[np.float32] = images + change * (images - images.mean(axis=(1, 2, 3), keepdims=True))
    return changed
