"""Made-up images that have the shape of CIFAR-10: 32x32x3 bytes, ten classes. They measure speed and loaders, no more.

Each class has three soft coloured patterns of its own. An image is one of them, moved, mirrored, with another contrast
and brightness, under noise that no network can see through entirely. A pure function of seed and number of images.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

SIDE: Final = 32
CLASSES: Final = 10
PATTERNS: Final = 3
_SOFTNESS: Final = 5
_NOISE: Final = 45.0
_ROWS_A_PIECE: Final = 1000


def synthetic_images(count: int, *, seed: int, part: int = 0) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Return images (count, 32, 32, 3) and labels (count,) from 0 to 9. Another `part` has the same classes."""
    patterns = _patterns(np.random.Generator(np.random.PCG64([seed, 0])))
    images = np.empty((count, SIDE, SIDE, 3), np.uint8)
    labels = np.empty(count, np.uint8)
    for piece, start in enumerate(range(0, count, _ROWS_A_PIECE)):
        rows = slice(start, min(start + _ROWS_A_PIECE, count))
        random = np.random.Generator(np.random.PCG64([seed, 1 + part, piece]))
        labels[rows] = random.integers(0, CLASSES, rows.stop - rows.start)
        images[rows] = _draw(patterns, labels[rows], random)
    return images, labels


def _patterns(random: np.random.Generator) -> npt.NDArray[np.float32]:
    """Return (classes, patterns, 32, 32, 3) from about -1 to 1: noise of which the lowest frequencies are kept."""
    spectrum = np.fft.fft2(random.standard_normal((CLASSES, PATTERNS, SIDE, SIDE, 3)), axes=(2, 3))
    frequency = np.abs(np.fft.fftfreq(SIDE, 1 / SIDE))
    low = (frequency[:, None] ** 2 + frequency[None, :] ** 2) <= _SOFTNESS**2
    soft = np.fft.ifft2(spectrum * low[..., None], axes=(2, 3)).real
    patterns: npt.NDArray[np.float32] = (soft / np.abs(soft).max(axis=(2, 3, 4), keepdims=True)).astype(np.float32)
    return patterns


def _draw(
    patterns: npt.NDArray[np.float32], labels: npt.NDArray[np.uint8], random: np.random.Generator
) -> npt.NDArray[np.uint8]:
    count = len(labels)
    chosen = patterns[labels, random.integers(0, PATTERNS, count)]
    rows, columns = _moved(count, random), _moved(count, random)
    columns = np.where(random.random((count, 1)) < 0.5, columns, columns[:, ::-1])
    moved = chosen[np.arange(count)[:, None, None], rows[:, :, None], columns[:, None, :]]
    contrast = random.uniform(30, 90, (count, 1, 1, 1)).astype(np.float32)
    brightness = random.uniform(90, 165, (count, 1, 1, 1)).astype(np.float32)
    noise = random.standard_normal(moved.shape, np.float32) * np.float32(_NOISE)
    drawn: npt.NDArray[np.uint8] = np.clip(moved * contrast + brightness + noise, 0, 255).astype(np.uint8)
    return drawn


def _moved(count: int, random: np.random.Generator) -> npt.NDArray[np.int64]:
    """Return for each image which of the 32 lines comes where, after a shift of up to 6 that wraps around."""
    moved: npt.NDArray[np.int64] = (np.arange(SIDE)[None, :] + random.integers(-6, 7, (count, 1))) % SIDE
    return moved
