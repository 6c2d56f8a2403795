"""A .csv file as a table with a quantity to predict in each row."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from ml.data.fields import as_number, is_missing
from ml.data.files import DataSource
from ml.errors import InvalidData
from ml.tables.csv_table import cleaned_rows, feature_columns
from ml.tables.refusals import refuse_missing_label
from ml.tables.sheet import Sheet, read_sheet
from ml.tables.table import Column, Numbers, QuantityTable
from trainshed.specs import Clean, Columns

_MOST_CODES: Final = 20
_ROWS_OF_A_CLASS: Final = 20
"""Whole numbers are classes where there are few of them, or many rows of each."""
_EXACTLY: Final = 1e-9
"""Of a correlation below 1 from which on a column is the quantity in other units."""


def read_quantity_csv(source: DataSource, columns: Columns, clean: Clean) -> QuantityTable:
    """Read and check the file. Raises `InvalidData` that names file, row, column and value."""
    sheet = cleaned_rows(read_sheet(source, columns), columns, clean)
    quantities = read_quantities(sheet)
    _refuse_one_value(quantities, sheet)
    read = feature_columns(sheet, columns)
    for column in read:
        _refuse_leak(column, quantities, sheet)
    return QuantityTable(
        source=source.name,
        columns=read,
        quantities=quantities,
        label=sheet.label,
        provenance=source.provenance,
        licence="not stated",
        format=sheet.format,
        **sheet.facts(),
    )


def has_quantities(sheet: Sheet) -> bool:
    """Whether the label looks like a quantity: numbers of which some are no whole ones, or very many different."""
    there = [text for text in sheet.label_texts if not is_missing(text)]
    numbers = {text: as_number(text) for text in dict.fromkeys(there)}
    if any(number is None for number in numbers.values()):
        return False
    return any(number is not None and number % 1 for number in numbers.values()) or (
        len(numbers) > max(_MOST_CODES, len(there) // _ROWS_OF_A_CLASS)
    )


def read_quantities(sheet: Sheet) -> npt.NDArray[np.float64]:
    """Return the numbers of a column (rows,). Raises `InvalidData` for one that is missing, infinite or no number."""
    refuse_missing_label(sheet)
    texts, label, path = sheet.label_texts, sheet.label, sheet.path
    numbers = [as_number(text) for text in texts]
    wrong = next((row for row, number in enumerate(numbers) if number is None or not np.isfinite(number)), None)
    if wrong is not None:
        raise InvalidData(
            f"{path}: {label} of row {sheet.rows[wrong]} is {texts[wrong][:40]!r}, and it is a quantity to predict.",
            remedy="Correct it, or name another column with data.columns.label; classes are for tabular_classifier.",
            path=path,
            row=int(sheet.rows[wrong]),
            field=label,
        )
    return np.array(numbers, np.float64)


def _refuse_one_value(quantities: npt.NDArray[np.float64], sheet: Sheet) -> None:
    if np.all(quantities == quantities[0]):
        raise InvalidData(
            f"{sheet.path}: {sheet.label} is {quantities[0]:g} in all {len(quantities):,} rows.",
            remedy="There is nothing to learn; data.columns.label names the column to predict.",
            path=sheet.path,
            field=sheet.label,
        )


def _refuse_leak(column: Column, quantities: npt.NDArray[np.float64], sheet: Sheet) -> None:
    """Refuse a column that is what is to be predicted, be it in other units."""
    if not isinstance(column, Numbers):
        return
    there = ~np.isnan(column.values)
    if there.sum() < 3 or np.ptp(column.values[there]) == 0 or np.ptp(quantities[there]) == 0:
        return
    if abs(np.corrcoef(column.values[there], quantities[there])[0, 1]) > 1 - _EXACTLY:
        raise InvalidData(
            f"{sheet.path}: the column {column.name} tells {sheet.label} exactly in all {there.sum():,} rows that have"
            " it: it is the same once more.",
            remedy="Put it into data.columns.ignore, or a model learns to copy it, and nothing else.",
            path=sheet.path,
            field=column.name,
        )
