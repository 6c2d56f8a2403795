"""Profiles a table, row by row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from ml.data.fields import as_number, is_missing
from ml.data.files import DataSource
from ml.data.rows import Rows, opened_rows
from ml.errors import InvalidData
from ml.profile.about import split_rule
from ml.profile.column import Column
from ml.profile.copies import MOST_ROWS, Copies
from ml.profile.document import (
    MOST_CLASSES,
    MOST_COLUMNS_SHOWN,
    MOST_FIELDS,
    MOST_ROWS_SHOWN,
    ClassCount,
    LabelProfile,
    PartProfile,
    ProfileDocument,
    as_name,
)
from ml.profile.findings import first_problems, of_copies, of_field, of_labels
from ml.profile.parts import TableParts

_MOST_LABELS: Final = 100_000
"""A column with more different values than that holds no classes."""


def profile_csv(source: DataSource) -> ProfileDocument:
    """Look into all columns of a file. Raises `InvalidData` for one that cannot be read to its end."""
    copies: Copies | None = Copies()
    classes: Counter[str] = Counter()
    shown: list[tuple[str, ...]] = []
    with opened_rows(source) as rows:
        columns = [Column(name) for name in rows.names]
        parts = TableParts(rows.split, rows.label)
        for number, row in rows.numbered:
            for column, field in zip(columns, row, strict=True):
                column.add(field.strip(), row[rows.label].strip())
            if number < MOST_ROWS_SHOWN:
                shown.append(tuple(as_name(field.strip()) for field in row[:MOST_COLUMNS_SHOWN]))
            if number < MOST_ROWS:
                parts.add(row)
            copies = copies if number < MOST_ROWS else None
            _note_row(row, rows.label, copies, classes)
    if columns[0].rows == 0:
        raise InvalidData(f"{source.name} has no rows.", remedy="Give at least one row.", path=source.name)
    labels = _labels(columns[rows.label], classes)
    return ProfileDocument(
        source=source.name,
        format=rows.format,
        provenance=source.provenance,
        size=source.size,
        rows=columns[0].rows,
        fields=tuple(column.profile() for column in columns[:MOST_FIELDS]),
        field_count=len(columns),
        labels=labels,
        duplicates=copies.duplicates if copies else None,
        split_rule=split_rule(parts.held_out),
        parts=tuple(PartProfile(name=name, rows=count) for name, count in parts.rows().items()),
        copies_across_parts=sum(parts.copies().values()),
        first_rows=tuple(shown),
        problems=tuple(first_problems(_problems(columns, rows, labels, copies, parts))),
    )


def _note_row(row: Sequence[str], label: int, copies: Copies | None, classes: Counter[str]) -> None:
    if copies is not None:
        content = "\0".join((*row[:label], *row[label + 1 :]))
        copies.add(content.encode(), row[label].encode())
    if len(classes) <= _MOST_LABELS and not is_missing(row[label]):
        classes[row[label].strip()] += 1


def _labels(column: Column, classes: Counter[str]) -> LabelProfile | None:
    """Classes are whole numbers or texts; a column of other numbers is a quantity."""
    if not classes or len(classes) > _MOST_LABELS or (not column.texts and column.whole < column.finite):
        return None
    listed = sorted(classes.items(), key=lambda item: (as_number(item[0]) or 0.0, item[0]))[:MOST_CLASSES]
    counts = tuple(ClassCount(label=as_name(label), count=count) for label, count in listed)
    return LabelProfile(field=as_name(column.name), class_count=len(classes), classes=counts)


def _problems(
    columns: Sequence[Column], rows: Rows, labels: LabelProfile | None, copies: Copies | None, parts: TableParts
) -> Iterator[str]:
    for number, column in enumerate(columns):
        yield from of_field(column.profile())
        if number != rows.label and column.is_constant:
            yield f"{as_name(column.name)} is the same in every row."
        if number != rows.label and column.is_nearly_constant:
            value, count = column.most_common
            said = as_name(value) or "missing"
            yield f"{as_name(column.name)} is {said} in {count:,} of {column.rows:,} rows: it can tell little."
        if number != rows.label and column.is_label_again:
            yield f"{as_name(column.name)} tells {as_name(rows.names[rows.label])} in every row: it is the label again."
        if number not in {rows.label, parts.column} and column.texts:
            yield (
                f"{as_name(column.name)} holds {column.texts} texts: categories to a model of a table, and nothing"
                " that a model of images takes."
            )
    yield from of_labels(labels, columns[0].rows)
    if copies is not None:
        yield from of_copies(copies)
