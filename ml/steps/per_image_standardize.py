"""`per_image_standardize`: each image by itself to mean 0 and standard deviation 1."""

from __future__ import annotations

from typing import Final

import keras

from ml.steps.seen import Seen
from trainshed.specs import PerImageStandardize

_EPSILON: Final = 1e-6
"""Added to the variance: an image of one colour becomes all zeros."""


def per_image_standardize(step: PerImageStandardize, seen: Seen, *, name: str) -> keras.Layer:
    """Return the layer that does it."""
    layer = keras.layers.LayerNormalization(
        axis=[1, 2, 3], epsilon=_EPSILON, center=False, scale=False, trainable=False, name=name
    )
    layer.build((None, *seen.shape))
    return layer
