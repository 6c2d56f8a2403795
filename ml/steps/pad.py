"""`pad`: a border of zeros around each image."""

from __future__ import annotations

import keras

from ml.errors import InvalidData
from ml.steps.seen import Seen
from trainshed.specs import Pad


def pad(step: Pad, seen: Seen, *, name: str) -> keras.Layer:
    """Return the layer that does it.

    An odd pixel goes below and to the right. Raises `InvalidData` for larger images.
    """
    height, width, _ = seen.shape
    if step.height < height or step.width < width:
        raise InvalidData(
            f"pad cannot make {step.height} x {step.width} pixels of images of {height} x {width}.",
            remedy="Pad to more, or use center_crop or resize.",
            field="preprocess",
        )
    return keras.layers.ZeroPadding2D((_sides(step.height - height), _sides(step.width - width)), name=name)


def _sides(pixels: int) -> tuple[int, int]:
    return pixels // 2, pixels - pixels // 2
