"""What a step that is saved with the model may look at while it is made: the train part, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import keras
import numpy as np
import numpy.typing as npt

from ml.data import Images

CHUNK: Final = 1024
"""Examples at a time: bounds the memory of what TensorFlow holds beside the result."""

Shape = tuple[int, int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """The training images as they are after the layers so far."""

    images: Images
    """As they come from the data, shape (n, height, width, channels)."""
    rows: npt.NDArray[np.int64]
    """Those of the train part."""
    layers: Sequence[keras.Layer]

    @property
    def shape(self) -> Shape:
        """Height, width and channels after the layers."""
        return output_shape(self.layers, self.images.shape[1:])

    def chunks(self) -> Iterator[npt.NDArray[np.float64]]:
        """Yield all training images after the layers, some at a time, in float64 for sums that stay exact."""
        for start in range(0, len(self.rows), CHUNK):
            chunk = self.images[self.rows[start : start + CHUNK]]
            yield through(self.layers, chunk).astype(np.float64)


def output_shape(layers: Sequence[keras.Layer], image_shape: Shape) -> Shape:
    """Return (height, width, channels) of what the layers make of images of `image_shape`."""
    shape: tuple[int | None, ...] = (None, *image_shape)
    for layer in layers:
        shape = layer.compute_output_shape(shape)
    _, height, width, channels = shape
    assert height is not None and width is not None and channels is not None  # noqa: PT018 - for the type checker
    return height, width, channels


def through(layers: Sequence[keras.Layer], images: Images) -> npt.NDArray[np.float32]:
    """Return images (n, height, width, channels) after the layers."""
    result = keras.ops.convert_to_tensor(images, dtype="float32")
    for layer in layers:
        result = layer(result)
    return np.asarray(keras.ops.convert_to_numpy(result))
