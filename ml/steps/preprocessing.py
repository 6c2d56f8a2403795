"""The steps that are saved with the model, run once over all examples before training.

The layers here and those in the saved model are the same objects, so training and prediction see the same numbers.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
import numpy.typing as npt

from ml.data import Images
from ml.steps.registry import LAYERS
from ml.steps.seen import CHUNK, Seen, output_shape, through
from trainshed.specs import Step


def preprocessing_layers(steps: Sequence[Step], images: Images, train_rows: npt.NDArray[np.int64]) -> list[keras.Layer]:
    """Return one Keras layer for each step that is saved with the model, in order.

    A step with statistics takes them from the rows of the train part alone, as the steps before it leave them. Raises
    `InvalidData` for images that a step cannot take.
    """
    layers: list[keras.Layer] = []
    for number, step in enumerate(step for step in steps if not step.augments):
        seen = Seen(images, train_rows, tuple(layers))
        layers.append(LAYERS[type(step)](step, seen, name=f"preprocess_{number}"))
    return layers


def preprocess(layers: Sequence[keras.Layer], images: Images) -> npt.NDArray[np.float32]:
    """Return the images (n, height, width, channels) as the network takes them, float32."""
    result = np.empty((len(images), *output_shape(layers, images.shape[1:])), np.float32)
    for start in range(0, len(images), CHUNK):
        result[start : start + CHUNK] = through(layers, images[start : start + CHUNK])
    return result
