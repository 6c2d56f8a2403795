"""`random_zoom`: each image enlarged or shrunk around its middle."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ml.steps.draws import Draws
from ml.steps.warp import warp
from trainshed.specs import RandomZoom


def random_zoom(step: RandomZoom, images: npt.NDArray[np.float32], draws: Draws) -> npt.NDArray[np.float32]:
    """Return a batch (n, height, width, channels) of the same shape; `images` stays as it is."""
    return warp(images, np.eye(2) / _factors(step, draws)[:, None, None], fill=step.fill)


def zoom_boxes(
    step: RandomZoom, boxes: npt.NDArray[np.float32], draws: Draws, *, height: int, width: int
) -> npt.NDArray[np.float32]:
    """Return boxes (n, most, 4) of left, top, right and bottom where the same draws bring what is in them."""
    middle = np.array([width / 2, height / 2] * 2)
    return np.asarray((boxes - middle) * _factors(step, draws)[:, None, None] + middle, np.float32)


def _factors(step: RandomZoom, draws: Draws) -> npt.NDArray[np.float64]:
    return draws.between(0, 1 - step.amount, 1 + step.amount)
