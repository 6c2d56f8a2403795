"""The state of a training between two steps, as plain arrays and JSON values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Position:
    """How far a training is: `step` batches over all epochs, `epoch` whole epochs, `step_in_epoch` of the next one."""

    step: int
    epoch: int
    step_in_epoch: int


@dataclass(frozen=True, slots=True, eq=False)
class TrainingState:
    """All that the rest of a run depends on beside its spec and its data."""

    position: Position
    arrays: Mapping[str, Array]
    """Variables of model, optimizer and random generators, and what else is numbers, by name."""
    values: Mapping[str, Any]
    """Small JSON values: history, early stopping, the schedule."""
    environment: Mapping[str, Any]
    """What bit-identity depends on where the state was written (`ml.resume.environment`); JSON values."""


def plain(array: Array) -> Array:
    """Return an array of numbers as it goes into a file: in C order, little-endian. Raises TypeError for others."""
    if array.dtype.kind not in "biufc":
        raise TypeError(f"an array of {array.dtype} holds no plain numbers")
    return np.ascontiguousarray(array, array.dtype.newbyteorder("<")).reshape(array.shape)
