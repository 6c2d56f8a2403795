"""`rescale`: pixel * scale + offset."""

from __future__ import annotations

import keras

from ml.steps.seen import Seen
from trainshed.specs import Rescale


def rescale(step: Rescale, seen: Seen, *, name: str) -> keras.Layer:
    """Return the layer that does it."""
    return keras.layers.Rescaling(step.scale, step.offset, name=name)
