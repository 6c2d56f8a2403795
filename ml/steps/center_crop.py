"""`center_crop`: the middle of each image."""

from __future__ import annotations

import keras

from ml.errors import InvalidData
from ml.steps.seen import Seen
from trainshed.specs import CenterCrop


def center_crop(step: CenterCrop, seen: Seen, *, name: str) -> keras.Layer:
    """Return the layer that does it. Raises `InvalidData` for smaller images, which Keras would enlarge unasked."""
    height, width, _ = seen.shape
    if step.height > height or step.width > width:
        raise InvalidData(
            f"center_crop cannot cut {step.height} x {step.width} pixels out of images of {height} x {width}.",
            remedy="Cut less, or add the step pad or resize before it.",
            field="preprocess",
        )
    return keras.layers.CenterCrop(step.height, step.width, name=name)
