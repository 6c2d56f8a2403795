"""Finds a column that tells the label: the label under another name, or in another code."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from ml.data.dataset import Labels

FEWEST_ROWS: Final = 20
"""In fewer rows, a column may tell the label by chance."""
_WRONG: Final = 0.01
_MOST_CELLS: Final = 20_000_000
"""Values times classes, which are counted in one table."""
_ROWS_OF_A_VALUE: Final = 10
"""Rows of each category on average; with fewer, a category is a name, and tells a label by heart."""


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


def almost_tells(values: npt.NDArray[np.float64], labels: Labels, *, ordered: bool) -> float | None:
    """Return the share of rows whose label one column alone tells, where that are almost all; None: it does not.

    Of numbers (`ordered`), few thresholds tell classes apart; of categories, each has almost one class. Rows without a
    value tell nothing. It must be wrong at most in one hundredth of the cases in which the most frequent class is.
    """
    there = ~np.isnan(values)
    values, labels = values[there], labels[there]
    counts = np.bincount(labels) if len(labels) else np.zeros(1, np.int64)
    others = len(labels) - int(counts.max())
    if others < FEWEST_ROWS:
        return None
    allowed = others * _WRONG
    different, group = np.unique(values, return_inverse=True)
    if len(different) * len(counts) > _MOST_CELLS:
        return None
    table = np.zeros((len(different), len(counts)), np.int64)
    np.add.at(table, (group, labels), 1)
    wrong = len(labels) - int(table.max(axis=1).sum())
    if ordered:
        changes = int(np.count_nonzero(np.diff(table.argmax(axis=1))))
        is_simple = changes <= len(np.flatnonzero(counts)) - 1 + 2 * allowed
    else:
        is_simple = len(different) * _ROWS_OF_A_VALUE <= len(labels)
    return 1 - wrong / len(labels) if wrong <= allowed and is_simple else None
