"""Profiles a .csv file, row by row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from ml.data.fields import as_number, is_missing
from ml.data.files import DataSource
from ml.data.leaks import FEWEST_ROWS
from ml.data.rows import Rows, opened_rows
from ml.errors import InvalidData
from ml.profile.copies import MOST_ROWS, Copies
from ml.profile.document import (
    MOST_CLASSES,
    MOST_FIELDS,
    ClassCount,
    FieldProfile,
    LabelProfile,
    ProfileDocument,
    as_name,
)
from ml.profile.findings import first_problems, of_copies, of_field, of_labels

_MOST_LABELS: Final = 100_000
"""A column with more different values than that holds no classes."""


@dataclass(slots=True)
class _Column:
    """What was seen of one column."""

    name: str
    rows: int = 0
    missing: int = 0
    texts: int = 0
    infinite: int = 0
    whole: int = 0
    finite: int = 0
    total: float = 0.0
    minimum: float = float("inf")
    maximum: float = float("-inf")
    first: str | None = None
    varies: bool = False
    codes: dict[str, str] = field(default_factory=dict)
    """Its value for each label, as long as it has one."""
    tells_label: bool = True

    def add(self, field: str, label: str) -> None:
        if self.tells_label:
            self.tells_label = self.codes.setdefault(label, field) == field and len(self.codes) <= MOST_CLASSES
        self.rows += 1
        if self.first is None:
            self.first = field
        elif field != self.first:
            self.varies = True
        if is_missing(field):
            self.missing += 1
        elif (number := as_number(field)) is None:
            self.texts += 1
        elif number in (float("inf"), float("-inf")):
            self.infinite += 1
        else:
            self._add_number(number)

    def _add_number(self, number: float) -> None:
        self.finite += 1
        self.whole += number.is_integer()
        self.total += number
        self.minimum = min(self.minimum, number)
        self.maximum = max(self.maximum, number)

    @property
    def is_constant(self) -> bool:
        return self.rows > 1 and not self.varies

    @property
    def is_label_again(self) -> bool:
        different = len(set(self.codes.values()))
        return self.tells_label and self.rows >= FEWEST_ROWS and different == len(self.codes) > 1

    def profile(self) -> FieldProfile:
        is_text, is_whole = self.texts > 0, self.whole == self.finite and not self.infinite
        shows_range = self.finite > 0 and not is_text
        mean = self.total / self.finite if shows_range else None
        return FieldProfile(
            name=as_name(self.name),
            shape=(self.rows,),
            dtype="text" if is_text else "integer" if is_whole else "number",
            missing=self.missing,
            infinite=self.infinite,
            minimum=self.minimum if shows_range else None,
            maximum=self.maximum if shows_range else None,
            mean=mean if mean is not None and abs(mean) < float("inf") else None,
            constant_columns=int(self.is_constant),
        )


def profile_csv(source: DataSource) -> ProfileDocument:
    """Look into all columns of a file. Raises `InvalidData` for one that cannot be read to its end."""
    copies: Copies | None = Copies()
    classes: Counter[str] = Counter()
    with opened_rows(source) as rows:
        columns = [_Column(name) for name in rows.names]
        for number, row in rows.numbered:
            for column, field in zip(columns, row, strict=True):
                column.add(field.strip(), row[rows.label].strip())
            copies = copies if number < MOST_ROWS else None
            _note_row(row, rows.label, copies, classes)
    if columns[0].rows == 0:
        raise InvalidData(f"{source.name} has no rows.", remedy="Give at least one row.", path=source.name)
    labels = _labels(columns[rows.label], classes)
    return ProfileDocument(
        source=source.name,
        format=rows.format,
        size=source.file.stat().st_size,
        rows=columns[0].rows,
        fields=tuple(column.profile() for column in columns[:MOST_FIELDS]),
        field_count=len(columns),
        labels=labels,
        duplicates=copies.duplicates if copies else None,
        problems=tuple(first_problems(_problems(columns, rows, labels, copies))),
    )


def _note_row(row: Sequence[str], label: int, copies: Copies | None, classes: Counter[str]) -> None:
    if copies is not None:
        content = "\0".join((*row[:label], *row[label + 1 :]))
        copies.add(content.encode(), row[label].encode())
    if len(classes) <= _MOST_LABELS and not is_missing(row[label]):
        classes[row[label].strip()] += 1


def _labels(column: _Column, classes: Counter[str]) -> LabelProfile | None:
    """Classes are whole numbers or texts; a column of other numbers is a quantity."""
    if not classes or len(classes) > _MOST_LABELS or (not column.texts and column.whole < column.finite):
        return None
    listed = sorted(classes.items(), key=lambda item: (as_number(item[0]) or 0.0, item[0]))[:MOST_CLASSES]
    counts = tuple(ClassCount(label=as_name(label), count=count) for label, count in listed)
    return LabelProfile(field=as_name(column.name), class_count=len(classes), classes=counts)


def _problems(
    columns: Sequence[_Column], rows: Rows, labels: LabelProfile | None, copies: Copies | None
) -> Iterator[str]:
    for number, column in enumerate(columns):
        yield from of_field(column.profile())
        if number != rows.label and column.is_constant:
            yield f"{as_name(column.name)} is the same in every row."
        if number != rows.label and column.is_label_again:
            yield f"{as_name(column.name)} tells {as_name(rows.names[rows.label])} in every row: it is the label again."
        if number != rows.label and column.texts:
            yield (
                f"{as_name(column.name)} holds {column.texts} texts: categories to a model of a table, and nothing"
                " that a model of images takes."
            )
    yield from of_labels(labels, columns[0].rows)
    if copies is not None:
        yield from of_copies(copies)
