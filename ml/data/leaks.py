"""Finds a column that tells the label: the label under another name, or in another code."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from ml.data.dataset import Labels

FEWEST_ROWS: Final = 20
"""In fewer rows, a column may tell the label by chance."""


def telling_column(values: npt.NDArray[np.float64], labels: Labels) -> int | None:
    """Return the first column of `values` (n, columns) that has one value for each class, and another for each.

    None: there is none, or there are too few rows to say.
    """
    if len(labels) < FEWEST_ROWS:
        return None
    classes, first = np.unique(labels, return_index=True)
    if len(classes) < 2:
        return None
    number = np.searchsorted(classes, labels)
    for column in range(values.shape[1]):
        code = values[first, column]
        if len(np.unique(code)) == len(classes) and np.array_equal(code[number], values[:, column]):
            return column
    return None
