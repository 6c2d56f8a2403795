"""`random_zoom`: each image enlarged or shrunk around its middle."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ml.steps.draws import Draws
from ml.steps.warp import warp
from trainshed.specs import RandomZoom


def random_zoom(step: RandomZoom, images: npt.NDArray[np.float32], draws: Draws) -> npt.NDArray[np.float32]:
    """Return a batch (n, height, width, channels) of the same shape; `images` stays as it is."""
    factor = draws.between(0, 1 - step.amount, 1 + step.amount)
    return warp(images, np.eye(2) / factor[:, None, None], fill=step.fill)
