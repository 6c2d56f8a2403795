"""One thing on a piece of a photograph each: pictures to tell apart, in the shape of CIFAR-10 where the side is 32.

Made up, of real things: no thing is on two pictures, and those to test on have things and pieces of photographs that no
picture to train on has. A pure function of the seed.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from ml.boxes.box_set import Pixels
from ml.boxes.collage import as_bytes, background, paste, piece_of, scaled
from ml.boxes.sprites import Sprites, Wardrobe, photographs

Portraits: TypeAlias = tuple[Pixels, npt.NDArray[np.uint8]]
"""Pictures (n, side, side, 3) and classes (n,)."""
_LEAST: Final = 0.7
"""Side of a thing with what is black around it, as a share of that of the picture."""


def portraits(wardrobe: Wardrobe, *, train: int, test: int, side: int, seed: int) -> tuple[Portraits, Portraits]:
    """Return so many pictures to train on, and to test on; at most as many as there are things."""
    parts = ((train, wardrobe.train), (test, wardrobe.test))
    first, second = (
        _part(things, count, side, part, np.random.Generator(np.random.PCG64([seed, part])), mirrors=wardrobe.mirrors)
        for part, (count, things) in enumerate(parts)
    )
    return first, second


def _part(
    things: Sprites, count: int, side: int, part: int, random: np.random.Generator, *, mirrors: bool
) -> Portraits:
    pieces = [piece_of(photograph, part) for photograph in photographs()]
    rows = random.permutation(len(things.labels))[:count]
    images = np.empty((len(rows), side, side, 3), np.uint8)
    for at, row in enumerate(rows):
        canvas = background(pieces, side, random)
        thing = scaled(things.images[row], (int(_LEAST * side), side), random, mirrors=mirrors)
        height, width = thing.shape
        left, top = int(random.integers(side - width + 1)), int(random.integers(side - height + 1))
        paste(canvas, thing, (left, top, left + width, top + height))
        images[at] = as_bytes(canvas)
    return images, things.labels[rows].astype(np.uint8)
