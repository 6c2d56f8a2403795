"""Contact sheets: a few images of each class side by side, as PNG."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from ml.data.dataset import Dataset

MOST_CLASSES: Final = 50
_EACH: Final = 16
_ACROSS: Final = 8
_LARGEST: Final = 96
_SMALLEST: Final = 32
_GAP: Final = 2
_DIM: Final = 64
"""Images whose brightest pixel is below this are shown brighter, or nothing could be seen."""

Pixels = npt.NDArray[np.uint8]


def sheets(dataset: Dataset) -> Iterator[tuple[int, bytes]]:
    """Yield the number of a class, and a PNG of its first images, for the first classes."""
    least, most = _range(dataset)
    for number in range(min(dataset.n_classes, MOST_CLASSES)):
        rows = np.flatnonzero(dataset.labels == number)[:_EACH]
        yield number, _png(_sheet([_shown(dataset.images[row], least, most) for row in rows]))


def overview(dataset: Dataset) -> bytes:
    """Return one PNG of 64 colours with a line of small images for each of the first ten classes."""
    least, most = _range(dataset)
    lines = []
    for number in range(min(dataset.n_classes, 10)):
        rows = np.flatnonzero(dataset.labels == number)[:_ACROSS]
        small = [_small(_shown(dataset.images[row], least, most)) for row in rows]
        lines += small + [np.zeros_like(small[0])] * (_ACROSS - len(small))
    few = Image.fromarray(_sheet(lines)).quantize(64, dither=Image.Dither.NONE)  # noise in 24 bits would be too large
    content = io.BytesIO()
    few.save(content, "PNG", optimize=True)
    return content.getvalue()


def _range(dataset: Dataset) -> tuple[float, float]:
    """Return which values are shown as black and as white."""
    sample = dataset.images[:1000]
    if sample.dtype == np.uint8 and sample.max() >= _DIM:
        return 0.0, 255.0
    return float(sample.min()), float(sample.max())


def _shown(image: npt.NDArray[Any], least: float, most: float) -> Pixels:
    """Return (height, width, 3) of an image of any kind, at least `_SMALLEST` and at most `_LARGEST` high and wide."""
    grown = (image.astype(np.float32) - least) * (255 / max(most - least, 1e-12))
    pixels = np.clip(grown, 0, 255).astype(np.uint8)
    coloured = np.repeat(pixels[..., :1], 3, axis=2) if pixels.shape[2] < 3 else pixels[..., :3]
    side = max(coloured.shape[:2])
    if side > _LARGEST:
        return _scaled(coloured, _LARGEST / side)
    times = max(1, _SMALLEST // side)
    return coloured.repeat(times, axis=0).repeat(times, axis=1)


def _small(pixels: Pixels) -> Pixels:
    side = max(pixels.shape[:2])
    return pixels if side <= _SMALLEST else _scaled(pixels, _SMALLEST / side)


def _scaled(pixels: Pixels, share: float) -> Pixels:
    size = tuple(max(1, round(side * share)) for side in (pixels.shape[1], pixels.shape[0]))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR))


def _sheet(images: list[Pixels]) -> Pixels:
    height, width, _ = images[0].shape
    lines = math.ceil(len(images) / _ACROSS)
    sheet = np.full((lines * (height + _GAP) + _GAP, _ACROSS * (width + _GAP) + _GAP, 3), 255, np.uint8)
    for at, image in enumerate(images):
        top, left = _GAP + at // _ACROSS * (height + _GAP), _GAP + at % _ACROSS * (width + _GAP)
        sheet[top : top + height, left : left + width] = image
    return sheet


def _png(pixels: Pixels) -> bytes:
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "PNG", optimize=True)
    return content.getvalue()
