"""`random_brightness`: one number added to all pixels of an image."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ml.steps.draws import Draws
from trainshed.specs import RandomBrightness


def random_brightness(step: RandomBrightness, images: npt.NDArray[np.float32], draws: Draws) -> npt.NDArray[np.float32]:
    """Return a batch (n, height, width, channels) of the same shape; `images` stays as it is."""
    return images + draws.between(0, -step.amount, step.amount).astype(np.float32)[:, None, None, None]
