"""Writes and reads `.keras` files. A model file is code, so one is read only after `check_archive`, in safe mode."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from ml.errors import Diverged, InvalidData
from ml.model.archive import check_archive
from ml.workspace import Workspace


def with_preprocessing(
    layers: Sequence[keras.Layer],
    network: keras.Model,
    *,
    input_shape: tuple[int, ...],
    name: str,
    input_name: str = "images",
) -> keras.Model:
    """Return a model that takes examples (n, *input_shape) and gives what `network` gives; they share weights."""
    examples = keras.Input(input_shape, name=input_name)
    outputs = examples
    for layer in layers:
        outputs = layer(outputs)
    return keras.Model(examples, network(outputs), name=name)


def save_model(model: keras.Model, workspace: Workspace, name: str) -> None:
    """Write `output/<name>`; its name ends in `.keras`. Raises `Diverged` for weights that are no numbers."""
    for variable in model.weights:
        if not np.isfinite(keras.ops.convert_to_numpy(variable)).all():
            raise Diverged(f"The weights {variable.path} are no longer finite.", facts={"variable": variable.path})
    with workspace.publishing(name) as draft:
        model.save(draft)


def load_model(path: Path) -> keras.Model:
    """Read a `.keras` file. Raises `InvalidData` when it is missing, damaged, or holds more than our own layers."""
    check_archive(path)
    try:
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except (ValueError, TypeError, KeyError, OSError) as error:
        raise InvalidData(
            f"{path.name} cannot be loaded: {error}", remedy="Train the model again.", path=path.name
        ) from error


def weights_digest(model: keras.Model) -> str:
    """Return the SHA-256 over shape, dtype and values of all weights in order, in hexadecimal."""
    digest = hashlib.sha256()
    for variable in model.weights:
        array = np.ascontiguousarray(keras.ops.convert_to_numpy(variable))
        digest.update(f"{array.dtype.str} {array.shape}\n".encode())
        digest.update(array.data)
    return digest.hexdigest()
