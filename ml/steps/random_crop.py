"""`random_crop`: a border on all sides, and a random piece of the old size cut out of it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ml.steps.draws import Draws
from trainshed.specs import RandomCrop


def random_crop(step: RandomCrop, images: npt.NDArray[np.float32], draws: Draws) -> npt.NDArray[np.float32]:
    """Return a batch (n, height, width, channels) of the same shape; `images` stays as it is."""
    _, height, width, _ = images.shape
    down, right = (draws.integers(axis, step.padding) + step.padding for axis in (0, 1))
    bordered = _bordered(step, images)
    windows = np.lib.stride_tricks.sliding_window_view(bordered, (height, width), axis=(1, 2))
    return np.ascontiguousarray(windows[np.arange(len(images)), down, right].transpose(0, 2, 3, 1))


def _bordered(step: RandomCrop, images: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    sides = ((0, 0), (step.padding, step.padding), (step.padding, step.padding), (0, 0))
    if step.border == "reflect":
        return np.pad(images, sides, mode="reflect")
    return np.pad(images, sides, constant_values=step.fill)
