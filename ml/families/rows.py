"""Architectures by name. Each takes encoded rows (n, features) of float32 and gives outputs (n, outputs)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import keras

layers = keras.layers
OUTPUTS: Final = "logits"
"""Name of the last layer: logits of classes, or a standardised quantity."""
_WIDTH: Final = 128
_BLOCKS: Final = 3


def mlp_small(features: int, outputs: int, *, dropout: float | None = None) -> keras.Model:
    """Return two dense layers with dropout."""
    share = 0.1 if dropout is None else dropout
    rows = keras.Input((features,), name="encoded")
    x = rows
    for number, width in enumerate((64, 32), start=1):
        x = layers.Dense(width, activation="relu", name=f"dense_{number}")(_dropped(x, share, f"dropout_{number}"))
    return keras.Model(rows, _outputs(x, outputs), name="mlp_small")


def mlp_residual(features: int, outputs: int, *, dropout: float | None = None) -> keras.Model:
    """Return a residual network (Gorishniy et al., "Revisiting deep learning models for tabular data", 2021).

    It has layer normalisation in the place of batch normalisation, which is poor at small batches.
    """
    share = 0.2 if dropout is None else dropout
    rows = keras.Input((features,), name="encoded")
    x = layers.Dense(_WIDTH, name="stem")(rows)
    for number in range(1, _BLOCKS + 1):
        x = _block(x, share, name=f"block_{number}")
    x = layers.ReLU(name="relu")(layers.LayerNormalization(name="norm")(x))
    return keras.Model(rows, _outputs(x, outputs), name="mlp_residual")


PRESETS: Final[dict[str, Callable[..., keras.Model]]] = {"mlp_small": mlp_small, "mlp_residual": mlp_residual}
"""`(features, outputs, *, dropout)` gives a network."""


def _block(x: Any, share: float, *, name: str) -> Any:
    inner = layers.LayerNormalization(name=f"{name}_norm")(x)
    inner = layers.Dense(2 * _WIDTH, activation="relu", name=f"{name}_dense_1")(inner)
    inner = layers.Dense(_WIDTH, name=f"{name}_dense_2")(_dropped(inner, share, f"{name}_dropout"))
    return layers.Add(name=f"{name}_add")([x, inner])


def _dropped(x: Any, share: float, name: str) -> Any:
    return layers.Dropout(share, name=name)(x) if share else x


def _outputs(x: Any, outputs: int) -> Any:
    # float32 in mixed precision too: a softmax of bfloat16 is too coarse for a loss.
    return layers.Dense(outputs, dtype="float32", name=OUTPUTS)(x)
