"""`random_rotate`: each image turned around its middle."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ml.steps.draws import Draws
from ml.steps.warp import warp
from trainshed.specs import RandomRotate


def random_rotate(step: RandomRotate, images: npt.NDArray[np.float32], draws: Draws) -> npt.NDArray[np.float32]:
    """Return a batch (n, height, width, channels) of the same shape; `images` stays as it is."""
    angle = np.deg2rad(draws.between(0, -step.degrees, step.degrees))
    cosine, sine = np.cos(angle), np.sin(angle)
    return warp(images, np.stack([cosine, -sine, sine, cosine], axis=1).reshape(-1, 2, 2), fill=step.fill)
