"""What a training job says of its table before it begins: columns that tell nothing, and rows that are in two parts."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ml.data import Parts
from ml.data.copies import copies_across, first_equal
from ml.tables.table import AnyTable


def table_findings(table: AnyTable, parts: Parts) -> tuple[str, ...]:
    """Return what is wrong with the table and with how it is divided, in words. Empty: nothing was found."""
    matrix = table.as_matrix()
    return (*_constant(table, matrix[parts.train]), *_copies(matrix, parts))


def _constant(table: AnyTable, seen: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> Iterator[str]:
    same = np.all((seen == seen[:1]) | (np.isnan(seen) & np.isnan(seen[:1])), axis=0)
    for place in np.flatnonzero(same):
        yield f"{table.columns[place].name} is the same in all rows of the train part, and tells nothing"


def _copies(matrix: np.ndarray[tuple[int, int], np.dtype[np.float64]], parts: Parts) -> Iterator[str]:
    named = {"train": parts.train, "validation": parts.validation, "test": parts.test}
    for (earlier, later), count in copies_across(first_equal(matrix), named).items():
        yield (
            f"{count:,} of the {len(named[later]):,} {later} rows {'is' if count == 1 else 'are'} in {earlier}, too,"
            " value by value: what is measured on them is too good; remove the copies"
        )
