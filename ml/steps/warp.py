"""Moves each image of a batch by a linear map of its own around the middle, with bilinear interpolation."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_Floats = npt.NDArray[np.float32]


def warp(images: _Floats, matrices: npt.NDArray[np.float64], *, fill: float) -> _Floats:
    """Return a batch (n, height, width, channels) of the same shape.

    `matrices` (n, 2, 2) take the (row, column) of a new pixel, seen from the middle, to that of the old one.
    Places outside of the image have the value `fill`.
    """
    n, height, width, channels = images.shape
    rows, columns = _sources(matrices.astype(np.float32), height, width)
    top, left = np.floor(rows), np.floor(columns)
    down, right = (rows - top)[..., None], (columns - left)[..., None]
    # One pixel of border, so that a place between the last pixel and the outside blends both.
    bordered = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=np.float32(fill))
    flat = bordered.reshape(-1, channels)
    first = (np.arange(n, dtype=np.int64) * (height + 2) * (width + 2))[:, None, None]

    def at(row: _Floats, column: _Floats) -> _Floats:
        inside_row = np.clip(row + 1, 0, height + 1).astype(np.int64)
        inside_column = np.clip(column + 1, 0, width + 1).astype(np.int64)
        taken: _Floats = np.take(flat, first + inside_row * (width + 2) + inside_column, axis=0)
        return taken

    above = at(top, left) * (1 - right) + at(top, left + 1) * right
    below = at(top + 1, left) * (1 - right) + at(top + 1, left + 1) * right
    blended: _Floats = np.asarray(above * (1 - down) + below * down, np.float32)
    return blended


def _sources(matrices: _Floats, height: int, width: int) -> tuple[_Floats, _Floats]:
    """Return old row and column of each new pixel, both (n, height, width)."""
    middle_row, middle_column = np.float32((height - 1) / 2), np.float32((width - 1) / 2)
    row = (np.arange(height, dtype=np.float32) - middle_row)[None, :, None]
    column = (np.arange(width, dtype=np.float32) - middle_column)[None, None, :]
    a, b, c, d = (matrices[:, i, j][:, None, None] for i in (0, 1) for j in (0, 1))
    rows, columns = a * row + b * column + middle_row, c * row + d * column + middle_column
    return rows.astype(np.float32), columns.astype(np.float32)
