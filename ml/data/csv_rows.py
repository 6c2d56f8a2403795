"""Rows of a .csv file (RFC 4180, UTF-8), read one at a time. A hostile file costs an error and no more."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, TextIO

from ml.data.files import DataSource
from ml.errors import InvalidData

MAX_COLUMNS: Final = 16_384
_MAX_LINE: Final = 1 << 22
_LABELS: Final = ("label", "y")
_MISSING: Final = frozenset({"", "na", "n/a", "nan", "null", "none", "?"})
_REMEDY: Final = "Write it again as UTF-8 with commas, one row a line, and each row as long as the first."


@dataclass(frozen=True, slots=True)
class Rows:
    """A file that is being read. Each row has as many fields as there are names."""

    names: tuple[str, ...]
    """Of the columns; `column_1` and so on where the first line holds numbers alone."""
    label: int
    """The column that holds the labels: `label`, `y`, or the last one."""
    numbered: Iterator[tuple[int, Sequence[str]]]
    """Each row with its number, from 0."""


def is_missing(field: str) -> bool:
    """Whether a field says that there is no value."""
    return field.strip().lower() in _MISSING


def as_number(field: str) -> float | None:
    """Return the number that a field holds, which may be infinite, or None."""
    try:
        number = float(field)
    except ValueError:
        return None
    return None if math.isnan(number) or "_" in field else number


@contextmanager
def opened_rows(source: DataSource) -> Iterator[Rows]:
    """Open the file. Whatever is wrong with it until the end of the block becomes `InvalidData`."""
    name = source.name
    try:
        with source.file.open(encoding="utf-8-sig", newline="") as file:
            yield _rows(csv.reader(_lines(file, name), strict=True), name)
    except UnicodeDecodeError as error:
        raise InvalidData(f"{name} is not UTF-8: {error.reason}.", remedy=_REMEDY, path=name) from error
    except (csv.Error, OSError) as error:
        raise InvalidData(f"{name} cannot be read: {error}.", remedy=_REMEDY, path=name) from error


def _lines(file: TextIO, name: str) -> Iterator[str]:
    while line := file.readline(_MAX_LINE):
        if len(line) == _MAX_LINE:
            raise InvalidData(f"{name} has a line of more than {_MAX_LINE:,} letters.", remedy=_REMEDY, path=name)
        if "\0" in line:
            raise InvalidData(f"{name} is no text: it holds a NUL.", remedy=_REMEDY, path=name)
        yield line


def _rows(reader: Iterator[list[str]], name: str) -> Rows:
    filled = (row for row in reader if row)
    first = next(filled, None)
    if first is None:
        raise InvalidData(f"{name} is empty.", remedy="Give at least one row of each class.", path=name)
    if len(first) > MAX_COLUMNS:
        raise InvalidData(f"{name} has {len(first):,} columns, and {MAX_COLUMNS:,} is the limit.", remedy=_REMEDY)
    has_header = any(as_number(field) is None and not is_missing(field) for field in first)
    names = _names(first, name) if has_header else tuple(f"column_{number}" for number in range(1, len(first) + 1))
    return Rows(names, _label_of(names), _numbered([] if has_header else [first], filled, len(first), name))


def _names(first: Sequence[str], name: str) -> tuple[str, ...]:
    names = tuple(field.strip() or f"column_{number}" for number, field in enumerate(first, start=1))
    twice = next((field for field in names if names.count(field) > 1), None) if len(set(names)) < len(names) else None
    if twice is not None:
        raise InvalidData(f"{name} has two columns {twice!r}.", remedy="Give each its own name.", path=name)
    return names


def _label_of(names: Sequence[str]) -> int:
    lower = [name.lower() for name in names]
    return next((lower.index(label) for label in _LABELS if label in lower), len(names) - 1)


def _numbered(
    before: list[list[str]], rest: Iterator[list[str]], width: int, name: str
) -> Iterator[tuple[int, Sequence[str]]]:
    number = -1
    for rows in (before, rest):
        for row in rows:
            number += 1
            if len(row) != width:
                raise InvalidData(
                    f"{name}: row {number} has {len(row)} fields, and the first line has {width}.",
                    remedy=_REMEDY,
                    path=name,
                    row=number,
                )
            yield number, row
