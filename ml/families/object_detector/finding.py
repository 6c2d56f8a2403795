"""The boxes that a detector finds on pictures, in pixels of the raw picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import keras
import numpy as np
import numpy.typing as npt

from ml.boxes import BoxSet
from ml.boxes.frames import Frame
from ml.boxes.peaks import Found, as_found, finder, joined
from ml.boxes.visible import areas
from ml.errors import Diverged
from ml.training.order import batches

_BATCH: Final = 256
_PIXELS: Final = 1 << 22
"""Of pictures at a time: large ones are looked at in smaller batches, or what the network holds would not fit."""


def _nobody(step: int) -> None:
    """Tell nobody."""


def find_boxes(
    model: keras.Model,
    pictures: BoxSet,
    rows: npt.NDArray[np.int64],
    *,
    n_classes: int,
    stride: int,
    frame: Frame,
    batch_size: int = _BATCH,
    after: Callable[[int], Any] = _nobody,
) -> Found:
    """Return what is found on the pictures of these rows; `after` is told of each batch, from 1.

    Raises `Diverged` for answers that are no numbers.
    """
    find = finder(model, n_classes=n_classes, stride=stride)
    size = batch_of(batch_size, pictures.image_shape)
    pieces = [as_found(np.zeros((0, 0, 6), np.float32), first=0)]
    for step, some in enumerate(batches(rows, size), start=1):
        listed = find(pictures.images[some].astype(np.float32))
        if not np.isfinite(listed).all():
            raise Diverged("The model gives outputs that are not finite.")
        pieces.append(as_found(listed, first=(step - 1) * size))
        after(step)
    return on_pictures(joined(pieces), frame, pictures.image_shape)


def batch_of(asked: int, image_shape: tuple[int, int, int]) -> int:
    """Return how many pictures are looked at at a time where so many are asked for."""
    height, width, _ = image_shape
    return max(1, min(asked, _PIXELS // (height * width)))


def on_pictures(found: Found, frame: Frame, image_shape: tuple[int, int, int]) -> Found:
    """Bring boxes from where the network sees them back to the raw picture, cut at its edges."""
    height, width, _ = image_shape
    boxes = frame.undone(found.boxes).clip(0, np.array([width, height] * 2, np.float32))
    placed = Found(found.pictures, found.classes, found.scores, boxes)
    return placed.where(areas(boxes) > 0)
