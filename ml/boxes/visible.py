"""What is left of boxes whose picture was cut or moved."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from ml.boxes.box_set import Boxes

_LEAST_SHARE: Final = 0.25
"""Of the area of a box: with less of it in sight, nobody could tell what it is."""


def areas(boxes: Boxes) -> npt.NDArray[np.float32]:
    """Return the areas of boxes (..., 4), 0 for one without."""
    sides = np.maximum(boxes[..., 2:] - boxes[..., :2], 0)
    return np.asarray(sides[..., 0] * sides[..., 1], np.float32)


def visible(boxes: Boxes, height: int, width: int) -> tuple[Boxes, npt.NDArray[np.bool_]]:
    """Return boxes (..., 4) cut at the edges of the picture, and which of them (...) are still to be told."""
    cut: Boxes = boxes.clip(0, np.array([width, height] * 2, np.float32))
    whole = areas(boxes)
    kept: npt.NDArray[np.bool_] = (whole > 0) & (areas(cut) >= _LEAST_SHARE * whole)
    return cut, kept
