"""The steps that are saved with the model, run once over all examples before training.

The layers here and those in the saved model are the same objects, so training and prediction see the same numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import keras
import numpy as np
import numpy.typing as npt

from ml.data import Images
from ml.steps.registry import LAYERS
from trainshed.specs import Step

_CHUNK: Final = 1024
"""Examples at a time: bounds the memory of what TensorFlow holds beside the result."""


def preprocessing_layers(steps: Sequence[Step]) -> list[keras.Layer]:
    """Return one Keras layer for each step that is saved with the model, in order."""
    saved = [step for step in steps if not step.augments]
    return [LAYERS[type(step)](step, name=f"preprocess_{number}") for number, step in enumerate(saved)]


def output_shape(layers: Sequence[keras.Layer], image_shape: tuple[int, int, int]) -> tuple[int, int, int]:
    """Return (height, width, channels) of what the layers make of images of `image_shape`."""
    shape: tuple[int | None, ...] = (None, *image_shape)
    for layer in layers:
        shape = layer.compute_output_shape(shape)
    _, height, width, channels = shape
    assert height is not None and width is not None and channels is not None  # noqa: PT018 - for the type checker
    return height, width, channels


def preprocess(layers: Sequence[keras.Layer], images: Images) -> npt.NDArray[np.float32]:
    """Return the images (n, height, width, channels) as the network takes them, float32."""
    result = np.empty((len(images), *output_shape(layers, images.shape[1:])), np.float32)
    for start in range(0, len(images), _CHUNK):
        chunk = keras.ops.convert_to_tensor(images[start : start + _CHUNK], dtype="float32")
        for layer in layers:
            chunk = layer(chunk)
        result[start : start + _CHUNK] = keras.ops.convert_to_numpy(chunk)
    return result
