"""Random rectangles, one an image, for the steps that cover or replace a part."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ml.steps.draws import Draws


def rectangles(
    tall: npt.NDArray[np.int64], wide: npt.NDArray[np.int64], draws: Draws, *, height: int, width: int
) -> npt.NDArray[np.bool_]:
    """Return what lies in a rectangle of `tall` x `wide` pixels (n,) with its middle anywhere, (n, height, width).

    It takes the draws 0 and 1 of the step. A part outside of the image is cut off.
    """
    rows = _within(np.floor(draws.uniform(0) * height).astype(np.int64) - tall // 2, tall, height)
    columns = _within(np.floor(draws.uniform(1) * width).astype(np.int64) - wide // 2, wide, width)
    return rows[:, :, None] & columns[:, None, :]


def _within(start: npt.NDArray[np.int64], length: npt.NDArray[np.int64], size: int) -> npt.NDArray[np.bool_]:
    places = np.arange(size)[None, :]
    return (places >= start[:, None]) & (places < (start + length)[:, None])
