"""Which columns a step is about: those that it names, or all that it can take."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ml.tables.frame import Frame
from ml.tables.table import Categories, Column, Numbers

Floats = npt.NDArray[np.float64]


def numbers_for(names: Sequence[str] | None, frame: Frame) -> list[Numbers]:
    """Return columns of numbers. Raises `InvalidData` for a name of none."""
    if names is not None:
        return [frame.numbers(name) for name in names]
    return [column for column in frame.columns if isinstance(column, Numbers)]


def categories_for(names: Sequence[str] | None, frame: Frame) -> list[Categories]:
    """Return columns of categories. Raises `InvalidData` for a name of none."""
    if names is not None:
        return [frame.categories(name) for name in names]
    return [column for column in frame.columns if isinstance(column, Categories)]


def columns_for(names: Sequence[str] | None, frame: Frame) -> list[Column]:
    """Return columns of any type. Raises `InvalidData` for a name of none."""
    return list(frame.columns) if names is None else [frame.any(name) for name in names]


def known(column: Numbers) -> Floats:
    """Return the numbers that are there; one 0 where there are none."""
    there = column.values[~np.isnan(column.values)]
    return there if there.size else np.zeros(1)


def by_frequency(column: Categories) -> list[tuple[str, int]]:
    """Return the categories with their counts, the most frequent first; of equals, the first by its letters."""
    codes, counts = np.unique(column.codes[column.codes >= 0], return_counts=True)
    found = [(column.names[code], int(count)) for code, count in zip(codes, counts, strict=True)]
    return sorted(found, key=lambda one: (-one[1], one[0]))
