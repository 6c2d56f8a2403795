"""`min_max`: the smallest pixel of the train part to 0, the largest to 1."""

from __future__ import annotations

import keras

from ml.errors import InvalidData
from ml.steps.seen import Seen
from trainshed.specs import MinMax


def min_max(step: MinMax, seen: Seen, *, name: str) -> keras.Layer:
    """Return the layer that does it. Raises `InvalidData` when all pixels are the same."""
    ends = [(float(chunk.min()), float(chunk.max())) for chunk in seen.chunks()]
    least, most = min(low for low, _ in ends), max(high for _, high in ends)
    if least == most:
        raise InvalidData(
            f"All pixels of all training images are {least:g}.",
            remedy="There is nothing to learn from them; check the data.",
            field="preprocess",
        )
    return keras.layers.Rescaling(1.0 / (most - least), -least / (most - least), name=name)
