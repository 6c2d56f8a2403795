"""The norms that a run can record: of weights, gradients and updates, layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf

from ml.report import Report

QUANTITIES: Final = ("weight", "gradient", "update")


def layer_names(variables: Sequence[keras.Variable]) -> list[str]:
    """Return the name of the layer of each variable."""
    return [variable.path.split("/")[-2] for variable in variables]


def norms(names: Sequence[str], tensors: Sequence[Any]) -> Any:
    """Return the Euclidean norm over all tensors of each layer, shape (layers,), in the order of first mention."""
    by_layer: dict[str, list[Any]] = {}
    for name, tensor in zip(names, tensors, strict=True):
        by_layer.setdefault(name, []).append(tf.reduce_sum(tf.square(tf.cast(tensor, tf.float32))))
    return tf.sqrt(tf.stack([tf.add_n(squares) for squares in by_layer.values()]))


def report_norms(report: Report, names: Sequence[str], step: int, values: Any) -> None:
    """Report values (3, layers) of one step as `norms/<quantity>/<layer>`."""
    for quantity, row in zip(QUANTITIES, np.asarray(values), strict=True):
        for name, value in zip(dict.fromkeys(names), row, strict=True):
            report.metric(f"norms/{quantity}/{name}", step, float(value))
