"""Architectures by name. Each takes pictures (n, height, width, channels) of float32 and gives maps.

They have one cell for four pixels each way, (n, height / 4, width / 4, classes + 4): see `ml.training.center_points`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

import keras

from ml.errors import InvalidData
from ml.training.center_points import PRIOR

Shape = tuple[int, int, int]
STRIDE: Final = 4
MULTIPLE: Final = 16
"""Of pixels, that each side of a picture must be: it is halved four times, and joined again."""

_MOMENTUM: Final = 0.9
"""Of the averages of normalisation: with some hundred steps an epoch, 0.99 would lag behind the weights."""

layers = keras.layers


def center_small(input_shape: Shape, n_classes: int, *, dropout: float | None = None) -> keras.Model:
    """Return a network that looks at a picture at an eighth of its size, then joins what it saw at a quarter."""
    return _network("center_small", input_shape, n_classes, (24, 48, 96), blocks=1, dropout=dropout)


def center_strong(input_shape: Shape, n_classes: int, *, dropout: float | None = None) -> keras.Model:
    """Return the same, wider, with two residual blocks at each size, and down to a sixteenth."""
    return _network("center_strong", input_shape, n_classes, (32, 64, 128, 128), blocks=2, dropout=dropout)


PRESETS: Final[dict[str, Callable[..., keras.Model]]] = {
    "center_small": center_small,
    "center_strong": center_strong,
}
"""`(input_shape, n_classes, *, dropout)` gives a network."""


def _network(
    name: str, input_shape: Shape, n_classes: int, widths: tuple[int, ...], *, blocks: int, dropout: float | None
) -> keras.Model:
    """Build a network: down by blocks (He et al., 2015), up by joining (Lin et al., "Feature pyramid networks", 2016).

    Raises `InvalidData` for pictures whose sides cannot be halved so often.
    """
    refuse_odd_sides(input_shape)
    pictures = keras.Input(input_shape, name="preprocessed")
    x = _normalised(pictures, widths[0], name="stem", stride=2)
    seen = []
    for depth, width in enumerate(widths[1:], start=1):
        x = _normalised(x, width, name=f"down_{depth}", stride=2)
        for block in range(1, blocks + 1):
            x = _block(x, width, name=f"block_{depth}_{block}")
        seen.append(x)
    for depth in range(len(seen) - 1, 0, -1):
        width = widths[depth]
        x = layers.UpSampling2D(2, name=f"up_{depth}")(_normalised(x, width, name=f"narrow_{depth}", kernel=1))
        x = layers.Add(name=f"join_{depth}")([x, seen[depth - 1]])
        x = _normalised(x, width, name=f"joined_{depth}")
    if dropout:
        x = layers.Dropout(dropout, name="dropout")(x)
    return keras.Model(pictures, _heads(x, widths[1], n_classes), name=name)


def _heads(x: Any, width: int, n_classes: int) -> Any:
    # float32 in mixed precision too: places are differences of large numbers.
    quiet = keras.initializers.Constant(math.log(PRIOR / (1 - PRIOR)))
    heat = _normalised(x, width, name="heat_conv")
    heat = layers.Conv2D(n_classes, 1, bias_initializer=quiet, dtype="float32", name="heat")(heat)
    place = _normalised(x, width, name="place_conv")
    place = layers.Conv2D(4, 1, dtype="float32", name="place")(place)
    return layers.Concatenate(dtype="float32", name="maps")([heat, place])


def _block(x: Any, width: int, *, name: str) -> Any:
    inner = _normalised(x, width, name=f"{name}_conv_1")
    inner = layers.Conv2D(width, 3, padding="same", use_bias=False, name=f"{name}_conv_2")(inner)
    inner = layers.BatchNormalization(momentum=_MOMENTUM, name=f"{name}_conv_2_norm")(inner)
    return layers.ReLU(name=f"{name}_relu")(layers.Add(name=f"{name}_add")([inner, x]))


def _normalised(x: Any, width: int, *, name: str, stride: int = 1, kernel: int = 3) -> Any:
    # The normalisation adds a bias of its own.
    x = layers.Conv2D(width, kernel, strides=stride, padding="same", use_bias=False, name=name)(x)
    return layers.ReLU(name=f"{name}_relu")(layers.BatchNormalization(momentum=_MOMENTUM, name=f"{name}_norm")(x))


def refuse_odd_sides(input_shape: Shape) -> None:
    """Raise `InvalidData` when a side cannot be halved often enough."""
    height, width, _ = input_shape
    if height % MULTIPLE or width % MULTIPLE:
        down = tuple(max(MULTIPLE, side // MULTIPLE * MULTIPLE) for side in (height, width))
        raise InvalidData(
            f"A detector needs pictures whose sides are multiples of {MULTIPLE} pixels, and these are"
            f" {height} x {width}.",
            remedy=f"Add the step `resize` to {down[0]} x {down[1]}, or `pad`, to preprocess; boxes follow.",
            field="preprocess",
        )
