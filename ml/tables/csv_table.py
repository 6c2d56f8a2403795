"""A .csv file as a table. A column is of numbers where all its values are, and of categories otherwise."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from ml.data import Labels
from ml.data.fields import as_number, is_missing
from ml.data.files import DataSource
from ml.data.limits import MAX_CLASSES
from ml.errors import InvalidData
from ml.tables.refusals import (
    refuse_leak,
    refuse_missing_label,
    refuse_one_class,
)
from ml.tables.sheet import Sheet, cleaned, read_sheet
from ml.tables.table import AnyTable, Categories, Column, Numbers, Table, texts_of
from trainshed.specs import Clean, Columns

_MOSTLY: Final = 0.9
"""Share of numbers from which on a column of numbers is meant, and a text in it is an error."""


def read_csv(source: DataSource, columns: Columns, clean: Clean) -> Table:
    """Read and check the file. Raises `InvalidData` that names file, row, column and value."""
    sheet = cleaned_rows(read_sheet(source, columns), columns, clean)
    labels, class_names = read_labels(sheet)
    refuse_one_class(labels, class_names, field=sheet.label, path=source.name)
    read = feature_columns(sheet, columns)
    table = Table(
        source=source.name,
        columns=read,
        labels=labels,
        class_names=class_names,
        label=sheet.label,
        provenance=source.provenance,
        licence="not stated",
        format=sheet.format,
        **sheet.facts(),
    )
    refuse_leak(table.as_matrix(), labels, [column.name for column in read], label=sheet.label, path=source.name)
    return table


def cleaned_rows(sheet: Sheet, columns: Columns, clean: Clean) -> Sheet:
    """Return the sheet without the rows that `clean` drops. Raises `InvalidData`."""
    features = [at for at, name in enumerate(sheet.names) if at != sheet.place and name not in columns.ignore]
    return cleaned(sheet, clean, considered=features)


def feature_columns(sheet: Sheet, columns: Columns) -> tuple[Column, ...]:
    """Return the columns to learn by. Raises `InvalidData`."""
    kept = [at for at, name in enumerate(sheet.names) if at != sheet.place and name not in columns.ignore]
    if not kept:
        raise InvalidData(
            f"{sheet.path} has no column beside {sheet.label}.",
            remedy="A model needs columns to tell the label by.",
            path=sheet.path,
        )
    return tuple(_column(sheet, at, columns) for at in kept)


def write_csv(table: AnyTable, path: Path) -> None:
    """Write a table with its label as the last column; reading it gives the same columns and labels."""
    columns = [texts_of(column) for column in table.columns]
    labels = (
        [table.class_names[label] for label in table.labels] if isinstance(table, Table) else table.quantities.tolist()
    )
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*(column.name for column in table.columns), table.label])
        for fields, label in zip(zip(*columns, strict=True), labels, strict=True):
            writer.writerow([*fields, label])


def read_labels(sheet: Sheet) -> tuple[Labels, tuple[str, ...]]:
    """Return the classes as numbers (rows,), and their names. Raises `InvalidData` for a label that is no class."""
    texts, label, path = sheet.label_texts, sheet.label, sheet.path
    refuse_missing_label(sheet)
    numbers = {text: as_number(text) for text in dict.fromkeys(texts)}
    fraction = next((text for text, number in numbers.items() if number is not None and number % 1), None)
    if fraction is not None or len(numbers) > MAX_CLASSES:
        said = f"{len(numbers):,} different values" if fraction is None else f"the value {fraction}"
        raise InvalidData(
            f"{path}: the label {label} has {said}.",
            remedy="A label is a class; quantities are for the family tabular_regressor. data.columns.label names the"
            " column.",
            path=path,
            field=label,
        )
    ordered = sorted(numbers, key=lambda text: (numbers[text] is None, numbers[text] or 0.0, text))
    codes = {text: code for code, text in enumerate(ordered)}
    return np.array([codes[text] for text in texts], np.int64), tuple(ordered)


def _column(sheet: Sheet, at: int, columns: Columns) -> Column:
    name, texts = sheet.names[at], sheet.texts[at]
    if name in columns.categories:
        return _categories(name, texts)
    numbers = [None if is_missing(text) else as_number(text) for text in texts]
    odd = [row for row, number in enumerate(numbers) if number is None and not is_missing(texts[row])]
    there = sum(not is_missing(text) for text in texts)
    if odd and there - len(odd) < _MOSTLY * there:
        return _categories(name, texts)
    if odd:
        raise _no_number(sheet, at, odd[0])
    values = np.array([np.nan if number is None else number for number in numbers], np.float64)
    infinite = np.flatnonzero(np.isinf(values))
    if infinite.size:
        raise _no_number(sheet, at, int(infinite[0]))
    return Numbers(name, values)


def _categories(name: str, texts: Sequence[str]) -> Categories:
    names = tuple(sorted({text for text in texts if not is_missing(text)}))
    places = {text: place for place, text in enumerate(names)}
    return Categories(name, np.array([places.get(text, -1) for text in texts], np.int64), names)


def _no_number(sheet: Sheet, at: int, place: int) -> InvalidData:
    name, row = sheet.names[at], int(sheet.rows[place])
    return InvalidData(
        f"{sheet.path}: {name} of row {row} is {sheet.texts[at][place][:40]!r}, and the column is of numbers.",
        remedy="Correct it or leave it empty; a column whose numbers are names goes into data.columns.categories, and"
        " so does one that the step convert is to make numbers of.",
        path=sheet.path,
        row=row,
        field=name,
    )
