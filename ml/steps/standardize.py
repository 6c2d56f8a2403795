"""`standardize`: each channel to mean 0 and standard deviation 1 over the train part."""

from __future__ import annotations

import keras
import numpy as np

from ml.errors import InvalidData
from ml.steps.seen import Seen
from trainshed.specs import Standardize


def standardize(step: Standardize, seen: Seen, *, name: str) -> keras.Layer:
    """Return the layer that does it. Raises `InvalidData` for a channel that never changes."""
    pixels = len(seen.rows) * seen.shape[0] * seen.shape[1]
    mean = sum(chunk.sum(axis=(0, 1, 2)) for chunk in seen.chunks()) / pixels
    # Two passes: the difference of two large sums would lose the digits that matter.
    variance = np.asarray(sum(np.square(chunk - mean).sum(axis=(0, 1, 2)) for chunk in seen.chunks())) / pixels
    constant = np.flatnonzero(variance <= 0)
    if constant.size:
        raise InvalidData(
            f"Channel {constant[0]} has the same value in all training images, so its standard deviation is 0.",
            remedy="Use rescale in the place of standardize, or leave that channel out of the data.",
            field="preprocess",
        )
    return keras.layers.Normalization(
        axis=-1, mean=[float(value) for value in mean], variance=[float(value) for value in variance], name=name
    )
