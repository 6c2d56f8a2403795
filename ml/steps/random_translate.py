"""`random_translate`: each image shifted by whole pixels, what comes in from outside filled.

Whole pixels, because a fraction would need interpolation, which blurs small images.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ml.steps.draws import Draws
from trainshed.specs import RandomTranslate


def random_translate(step: RandomTranslate, images: npt.NDArray[np.float32], draws: Draws) -> npt.NDArray[np.float32]:
    """Return a batch (n, height, width, channels) of the same shape; `images` stays as it is.

    The largest shift up or down is `step.height * height` pixels, left or right `step.width * width`, rounded down.
    """
    n, height, width, _ = images.shape
    down, right = _shifts(step, draws, height, width)
    rows = np.arange(height) - down[:, None]
    columns = np.arange(width) - right[:, None]
    inside = _within(rows, height)[:, :, None] & _within(columns, width)[:, None, :]
    shifted = images[
        np.arange(n)[:, None, None],
        rows.clip(0, height - 1)[:, :, None],
        columns.clip(0, width - 1)[:, None, :],
    ]
    return np.where(inside[..., None], shifted, np.float32(step.fill))


def translate_boxes(
    step: RandomTranslate, boxes: npt.NDArray[np.float32], draws: Draws, *, height: int, width: int
) -> npt.NDArray[np.float32]:
    """Return boxes (n, most, 4) of left, top, right and bottom where the same draws bring what is in them."""
    down, right = _shifts(step, draws, height, width)
    return np.asarray(boxes + np.stack([right, down] * 2, axis=-1)[:, None, :], np.float32)


def _shifts(
    step: RandomTranslate, draws: Draws, height: int, width: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return by how many pixels each image goes down and to the right."""
    return draws.integers(0, int(step.height * height + 1e-9)), draws.integers(1, int(step.width * width + 1e-9))


def _within(indices: npt.NDArray[np.int64], size: int) -> npt.NDArray[np.bool_]:
    return (indices >= 0) & (indices < size)
