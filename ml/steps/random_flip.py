"""`random_flip`: each image mirrored with probability one half, along each of its directions by itself."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ml.steps.draws import Draws
from trainshed.specs import RandomFlip

_AXES = {"vertical": (1,), "horizontal": (2,), "both": (1, 2)}
_EDGES = {1: (1, 3), 2: (0, 2)}
"""Of a box, the two edges that change places along an axis of the image."""


def random_flip(step: RandomFlip, images: npt.NDArray[np.float32], draws: Draws) -> npt.NDArray[np.float32]:
    """Return a batch (n, height, width, channels) of the same shape; `images` stays as it is."""
    for axis in _AXES[step.direction]:
        chosen = _chosen(draws, axis)
        images = np.where(chosen[:, None, None, None], np.flip(images, axis), images)
    return images


def flip_boxes(
    step: RandomFlip, boxes: npt.NDArray[np.float32], draws: Draws, *, height: int, width: int
) -> npt.NDArray[np.float32]:
    """Return boxes (n, most, 4) of left, top, right and bottom where the same draws bring what is in them."""
    flipped = boxes.copy()
    for axis in _AXES[step.direction]:
        chosen, (low, high), side = _chosen(draws, axis)[:, None], _EDGES[axis], height if axis == 1 else width
        mirrored = side - flipped[..., high], side - flipped[..., low]
        flipped[..., low], flipped[..., high] = (
            np.where(chosen, new, flipped[..., edge]) for new, edge in zip(mirrored, (low, high), strict=True)
        )
    return flipped


def _chosen(draws: Draws, axis: int) -> npt.NDArray[np.bool_]:
    chosen: npt.NDArray[np.bool_] = draws.uniform(axis) < 0.5
    return chosen
