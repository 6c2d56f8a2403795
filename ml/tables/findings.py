"""What a training job says of its table before it begins: columns that tell nothing or all, rows in two parts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from ml.data import Parts
from ml.data.copies import copies_across, first_equal
from ml.data.leaks import almost_tells
from ml.tables.table import AnyTable, Numbers, QuantityTable

Matrix = npt.NDArray[np.float64]
_ALMOST: Final = 0.999
"""Of a correlation from which on a column is all but the quantity."""


def table_findings(table: AnyTable, parts: Parts) -> tuple[str, ...]:
    """Return what is wrong with the table and with how it is divided, in words. Empty: nothing was found.

    Of columns it looks at the train part alone.
    """
    matrix = table.as_matrix()
    seen = matrix[parts.train]
    return (*_constant(table, seen), *_telling(table, seen, parts), *_copies(matrix, parts))


def _constant(table: AnyTable, seen: Matrix) -> Iterator[str]:
    same = np.all((seen == seen[:1]) | (np.isnan(seen) & np.isnan(seen[:1])), axis=0)
    for place in np.flatnonzero(same):
        yield f"{table.columns[place].name} is the same in all rows of the train part, and tells nothing"


def _telling(table: AnyTable, seen: Matrix, parts: Parts) -> Iterator[str]:
    for column, values in zip(table.columns, seen.T, strict=True):
        ordered = isinstance(column, Numbers)
        if isinstance(table, QuantityTable):
            share = _correlation(values, table.quantities[parts.train]) if ordered else None
            said = "" if share is None else f"goes along with {table.label} (correlation {share:.4f})"
        else:
            share = almost_tells(values, table.labels[parts.train], ordered=ordered)
            said = "" if share is None else f"tells {table.label} in {share:.1%} of the train part"
        if share is not None:
            yield (
                f"{column.name} alone {said}: if it is not known before {table.label} is, it leaks it; put it into"
                " data.columns.ignore then"
            )


def _correlation(values: Matrix, quantities: npt.NDArray[np.float64]) -> float | None:
    there = ~np.isnan(values)
    if there.sum() < 3 or np.ptp(values[there]) == 0 or np.ptp(quantities[there]) == 0:
        return None
    found = abs(float(np.corrcoef(values[there], quantities[there])[0, 1]))
    return found if found >= _ALMOST else None


def _copies(matrix: Matrix, parts: Parts) -> Iterator[str]:
    named = {"train": parts.train, "validation": parts.validation, "test": parts.test}
    for (earlier, later), count in copies_across(first_equal(matrix), named).items():
        yield (
            f"{count:,} of the {len(named[later]):,} {later} rows {'is' if count == 1 else 'are'} in {earlier}, too,"
            " value by value: what is measured on them is too good; set data.clean.duplicates to drop"
        )
