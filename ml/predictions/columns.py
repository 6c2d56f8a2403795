"""A batch of a table of predictions: columns by name, in order, all of one length."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

Values: TypeAlias = Sequence[str] | npt.NDArray[Any]
"""Texts, whole numbers (int64) or finite numbers (float64), each (n,)."""
Columns: TypeAlias = Mapping[str, Values]
"""Names and types are the same in each batch of a table."""
ValueKind = Literal["text", "whole", "number"]


def kinds_of(columns: Columns) -> dict[str, ValueKind]:
    """Return what each column holds."""
    return {name: _kind_of(values) for name, values in columns.items()}


def plain(values: Values) -> Sequence[Any]:
    """Return the values as Python has them: a float64 keeps every bit."""
    return values.tolist() if isinstance(values, np.ndarray) else values


def _kind_of(values: Values) -> ValueKind:
    if not isinstance(values, np.ndarray):
        return "text"
    return "whole" if np.issubdtype(values.dtype, np.integer) else "number"
