"""`resize`: all images to one size."""

from __future__ import annotations

import keras

from ml.steps.seen import Seen
from trainshed.specs import Resize


def resize(step: Resize, seen: Seen, *, name: str) -> keras.Layer:
    """Return the layer that does it."""
    return keras.layers.Resizing(step.height, step.width, interpolation=step.interpolation, name=name)
