"""Architectures by name. Each takes images (n, height, width, channels) of float32 and gives logits (n, classes)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import keras

from ml.errors import InvalidData

Shape = tuple[int, int, int]
MIN_SIDE: Final = {"cnn_small": 18, "cnn_bn": 8, "resnet_small": 8}
"""Smallest side of an image. For `cnn_small`: 18 -3x3-> 16 -pool-> 8 -3x3-> 6 -pool-> 3 -3x3-> 1."""

layers = keras.layers


def cnn_small(input_shape: Shape, n_classes: int, *, dropout: float | None = None) -> keras.Model:
    """Return the CNN of TensorFlow's image tutorial (https://www.tensorflow.org/tutorials/images/cnn).

    Raises `InvalidData` for images that are too small.
    """
    refuse_small_images("cnn_small", input_shape)
    images = keras.Input(input_shape, name="preprocessed")
    x = layers.Conv2D(32, 3, activation="relu", name="conv_1")(images)
    x = layers.MaxPooling2D(name="pool_1")(x)
    x = layers.Conv2D(64, 3, activation="relu", name="conv_2")(x)
    x = layers.MaxPooling2D(name="pool_2")(x)
    x = layers.Conv2D(64, 3, activation="relu", name="conv_3")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(64, activation="relu", name="dense")(_dropped(x, dropout, "dropout"))
    return keras.Model(images, _logits(x, n_classes), name="cnn_small")


def cnn_bn(input_shape: Shape, n_classes: int, *, dropout: float | None = None) -> keras.Model:
    """Return three convolutions with batch normalisation (Ioffe and Szegedy, 2015), and dropout around the dense layer.

    Raises `InvalidData` for images that are too small.
    """
    refuse_small_images("cnn_bn", input_shape)
    share = 0.3 if dropout is None else dropout
    images = keras.Input(input_shape, name="preprocessed")
    x = _normalised(images, 32, name="conv_1")
    x = layers.MaxPooling2D(name="pool_1")(x)
    x = _normalised(x, 64, name="conv_2")
    x = layers.MaxPooling2D(name="pool_2")(x)
    x = _normalised(x, 64, name="conv_3")
    x = _dropped(layers.Flatten(name="flatten")(x), share, "dropout_1")
    x = layers.Dense(64, activation="relu", name="dense")(x)
    return keras.Model(images, _logits(_dropped(x, share, "dropout_2"), n_classes), name="cnn_bn")


def resnet_small(input_shape: Shape, n_classes: int, *, dropout: float | None = None) -> keras.Model:
    """Return a residual network (He et al., 2015) of three stages with one block each, then the mean over all places.

    Raises `InvalidData` for images that are too small.
    """
    refuse_small_images("resnet_small", input_shape)
    images = keras.Input(input_shape, name="preprocessed")
    x = _normalised(images, 32, name="stem")
    for stage, (width, stride) in enumerate(((32, 1), (64, 2), (128, 2)), start=1):
        x = _block(x, width, stride, name=f"stage_{stage}")
    x = layers.GlobalAveragePooling2D(name="mean")(x)
    return keras.Model(images, _logits(_dropped(x, dropout, "dropout"), n_classes), name="resnet_small")


PRESETS: Final[dict[str, Callable[..., keras.Model]]] = {
    "cnn_small": cnn_small,
    "cnn_bn": cnn_bn,
    "resnet_small": resnet_small,
}
"""`(input_shape, n_classes, *, dropout)` gives a network."""


def _block(x: Any, width: int, stride: int, *, name: str) -> Any:
    inner = _normalised(x, width, name=f"{name}_conv_1", stride=stride)
    inner = layers.Conv2D(width, 3, padding="same", use_bias=False, name=f"{name}_conv_2")(inner)
    inner = layers.BatchNormalization(name=f"{name}_conv_2_norm")(inner)
    if stride > 1:
        x = layers.Conv2D(width, 1, strides=stride, use_bias=False, name=f"{name}_shortcut")(x)
    return layers.ReLU(name=f"{name}_relu")(layers.Add(name=f"{name}_add")([inner, x]))


def _normalised(x: Any, width: int, *, name: str, stride: int = 1) -> Any:
    # The normalisation adds a bias of its own.
    x = layers.Conv2D(width, 3, strides=stride, padding="same", use_bias=False, name=name)(x)
    return layers.ReLU(name=f"{name}_relu")(layers.BatchNormalization(name=f"{name}_norm")(x))


def _dropped(x: Any, share: float | None, name: str) -> Any:
    return layers.Dropout(share, name=name)(x) if share else x


def _logits(x: Any, n_classes: int) -> Any:
    # float32 in mixed precision too: a softmax of bfloat16 is too coarse for a loss.
    return layers.Dense(n_classes, dtype="float32", name="logits")(x)


def refuse_small_images(preset: str, input_shape: Shape) -> None:
    """Raise `InvalidData` when a side is too short for the network."""
    height, width, _ = input_shape
    least = MIN_SIDE[preset]
    if min(height, width) < least:
        raise InvalidData(
            f"{preset} needs images of at least {least} x {least} pixels, and these are {height} x {width}.",
            remedy=f"Add the step `resize` to at least {max(height, least)} x {max(width, least)} to preprocess.",
            field="preprocess",
        )
