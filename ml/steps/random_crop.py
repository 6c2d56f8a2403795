"""`random_crop`: a border on all sides, and a random piece of the old size cut out of it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ml.steps.draws import Draws
from trainshed.specs import RandomCrop


def random_crop(step: RandomCrop, images: npt.NDArray[np.float32], draws: Draws) -> npt.NDArray[np.float32]:
    """Return a batch (n, height, width, channels) of the same shape; `images` stays as it is."""
    _, height, width, _ = images.shape
    down, right = (shift + step.padding for shift in _shifts(step, draws))
    bordered = _bordered(step, images)
    windows = np.lib.stride_tricks.sliding_window_view(bordered, (height, width), axis=(1, 2))
    return np.ascontiguousarray(windows[np.arange(len(images)), down, right].transpose(0, 2, 3, 1))


def crop_boxes(
    step: RandomCrop, boxes: npt.NDArray[np.float32], draws: Draws, *, height: int, width: int
) -> npt.NDArray[np.float32]:
    """Return boxes (n, most, 4) of left, top, right and bottom where the same draws bring what is in them."""
    down, right = _shifts(step, draws)
    return np.asarray(boxes - np.stack([right, down] * 2, axis=-1)[:, None, :], np.float32)


def _shifts(step: RandomCrop, draws: Draws) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return how far below and right of where the image was the piece is cut out."""
    return draws.integers(0, step.padding), draws.integers(1, step.padding)


def _bordered(step: RandomCrop, images: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    sides = ((0, 0), (step.padding, step.padding), (step.padding, step.padding), (0, 0))
    if step.border == "reflect":
        return np.pad(images, sides, mode="reflect")
    return np.pad(images, sides, constant_values=step.fill)
