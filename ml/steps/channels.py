"""A fixed weighing of channels, as a layer that is saved with its numbers and is never trained."""

from __future__ import annotations

import keras
import numpy as np
import numpy.typing as npt


def weigh_channels(matrix: npt.NDArray[np.float32], *, name: str) -> keras.Layer:
    """Return a layer from (n, height, width, channels) to (n, height, width, new channels) by a matrix (old, new)."""
    layer = keras.layers.Dense(matrix.shape[1], use_bias=False, trainable=False, name=name)
    layer.build((None, None, None, matrix.shape[0]))
    layer.set_weights([matrix])
    return layer
