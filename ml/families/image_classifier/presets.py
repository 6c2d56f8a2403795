"""Architectures by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import keras

from ml.errors import InvalidData

MIN_SIDE: Final = 18
"""Smallest side of an image for `cnn_small`: 18 -3x3-> 16 -pool-> 8 -3x3-> 6 -pool-> 3 -3x3-> 1."""


def cnn_small(input_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """Return the CNN of TensorFlow's image tutorial (https://www.tensorflow.org/tutorials/images/cnn).

    Images (n, height, width, channels) of float32 in, logits (n, n_classes) out. Raises `InvalidData` for images that
    are too small.
    """
    _refuse_small_images(input_shape)
    layers = keras.layers
    images = keras.Input(input_shape, name="preprocessed")
    x = layers.Conv2D(32, 3, activation="relu", name="conv_1")(images)
    x = layers.MaxPooling2D(name="pool_1")(x)
    x = layers.Conv2D(64, 3, activation="relu", name="conv_2")(x)
    x = layers.MaxPooling2D(name="pool_2")(x)
    x = layers.Conv2D(64, 3, activation="relu", name="conv_3")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(64, activation="relu", name="dense")(x)
    return keras.Model(images, layers.Dense(n_classes, name="logits")(x), name="cnn_small")


PRESETS: Final[dict[str, Callable[[tuple[int, int, int], int], keras.Model]]] = {"cnn_small": cnn_small}


def _refuse_small_images(input_shape: tuple[int, int, int]) -> None:
    height, width, _ = input_shape
    if min(height, width) < MIN_SIDE:
        raise InvalidData(
            f"cnn_small needs images of at least {MIN_SIDE} x {MIN_SIDE} pixels, and these are {height} x {width}.",
            remedy=f"Add the step `resize` to at least {max(height, MIN_SIDE)} x {max(width, MIN_SIDE)} to preprocess.",
            field="preprocess",
        )
