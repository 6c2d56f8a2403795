"""Lays real things on pieces of real photographs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from ml.boxes.box_set import Pixels

PHOTOGRAPHERS: Final = "CC BY 2.0 (the photographs, by danielbuechele and vultilion)"
_INK: Final = 24
"""From this value on a pixel belongs to the thing."""
_TEST_PIECE: Final = 0.7
"""What is to train on shows the photographs left of this share of their width, what is to test on right of it."""


def piece_of(photograph: Pixels, part: int) -> Pixels:
    """Return what pictures to train on (part 0), or to test on (part 1), may show of a photograph."""
    border = int(photograph.shape[1] * _TEST_PIECE)
    return photograph[:, border:] if part else photograph[:, :border]


def background(pieces: Sequence[Pixels], side: int, random: np.random.Generator) -> npt.NDArray[np.float32]:
    """Return a piece of a photograph with another contrast and brightness, (side, side, 3)."""
    piece = pieces[int(random.integers(len(pieces)))]
    wide = int(random.integers(side, min(2 * side, *piece.shape[:2]) + 1))
    top, left = (int(random.integers(length - wide + 1)) for length in piece.shape[:2])
    cut = Image.fromarray(piece[top : top + wide, left : left + wide])
    pixels = np.asarray(cut.resize((side, side), Image.Resampling.BILINEAR), np.float32)
    contrast, brightness = random.uniform(0.5, 1.0), random.uniform(-30, 30)
    changed: npt.NDArray[np.float32] = (pixels - 128) * np.float32(contrast) + np.float32(128 + brightness)
    return changed


def scaled(
    sprite: Pixels, sides: tuple[int, int], random: np.random.Generator, *, mirrors: bool
) -> npt.NDArray[np.float32]:
    """Return a thing as large as `sides` allow, maybe mirrored, cut to its pixels: (height, width) of 0 to 255."""
    side = int(random.integers(sides[0], sides[1] + 1))
    grown = np.asarray(Image.fromarray(sprite).resize((side, side), Image.Resampling.BILINEAR), np.float32)
    if mirrors and random.random() < 0.5:
        grown = grown[:, ::-1]
    rows, columns = (np.flatnonzero((grown >= _INK).any(axis=axis)) for axis in (1, 0))
    cut: npt.NDArray[np.float32] = grown[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return cut


def paste(canvas: npt.NDArray[np.float32], thing: npt.NDArray[np.float32], box: tuple[int, int, int, int]) -> None:
    """Lay the thing on the canvas; its rim, which is darker than ink, lets the photograph through."""
    left, top, right, bottom = box
    opaque = np.clip(thing / _INK, 0, 1)[..., None]
    below = canvas[top:bottom, left:right]
    canvas[top:bottom, left:right] = below * (1 - opaque) + thing[..., None] * opaque


def as_bytes(canvas: npt.NDArray[np.float32]) -> Pixels:
    """Return a canvas as a picture."""
    picture: Pixels = np.clip(canvas + 0.5, 0, 255).astype(np.uint8)
    return picture
