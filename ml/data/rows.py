"""Rows of a table, read one at a time, whichever format it is in. A hostile file costs an error and no more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import Final

from ml.data.files import DataSource
from ml.data.kinds import kind_of
from ml.data.parts import SPLIT
from ml.data.records import MAX_COLUMNS, Records
from ml.data.table_files import TABLES
from ml.data.table_tree import is_table_tree, tree_records
from ml.errors import InvalidData

_LABELS: Final = ("label", "y")


@dataclass(frozen=True, slots=True)
class Rows:
    """A file that is being read. Each row has as many fields as there are names."""

    names: tuple[str, ...]
    """Of the columns; `column_1` and so on where the file has none."""
    format: str
    """`csv`, `json`, `parquet`, or `tables` for several files."""
    label: int
    """The column that holds the labels: `label`, `y`, or the last one."""
    numbered: Iterator[tuple[int, Sequence[str]]]
    """Each row with its number, from 0."""

    @property
    def split(self) -> int | None:
        """The column that may say in which part a row is. None: no other than that of labels is called so."""
        return self.names.index(SPLIT) if SPLIT in self.names and self.names[self.label] != SPLIT else None


def holds_rows(source: DataSource) -> bool:
    """Whether a file, or each of the files of a folder or an archive, holds rows. Raises `InvalidData`."""
    return kind_of(source) in TABLES or is_table_tree(source)


@contextmanager
def opened_rows(source: DataSource) -> Iterator[Rows]:
    """Open what `holds_rows`. Whatever is wrong with it until the end of the block becomes `InvalidData`."""
    kind = kind_of(source)
    with TABLES.get(kind, tree_records)(source) as read:
        records = _renamed(read, source.names, source.name)
        names = _names(records.names, source.name)
        yield Rows(names, kind.value if kind in TABLES else "tables", _label_of(names), _numbered(records, source.name))


def _renamed(records: Records, given: tuple[str, ...], path: str) -> Records:
    """Return the records under the names that the spec gives; what was taken for names is a row then."""
    if not given or tuple(records.header or ()) == given:
        return records
    if records.header is None:
        raise InvalidData(
            f"{path} has names for its columns, and data.columns.names gives others.",
            remedy="Leave data.columns.names out: it is for a file without a line of names.",
            path=path,
            field="data.columns.names",
        )
    if len(given) != len(records.names):
        raise InvalidData(
            f"data.columns.names has {len(given)} names, and the first line of {path} has {len(records.names)} fields.",
            remedy="Name every column, in the order of the file.",
            path=path,
            field="data.columns.names",
        )
    return Records(given, chain([records.header], records.rows) if records.header else records.rows)


def _names(written: Sequence[str], path: str) -> tuple[str, ...]:
    if len(written) > MAX_COLUMNS:
        raise InvalidData(
            f"{path} has {len(written):,} columns, and {MAX_COLUMNS:,} is the limit.",
            remedy="Leave out the columns that say nothing.",
            path=path,
        )
    names = tuple(field.strip() or f"column_{number}" for number, field in enumerate(written, start=1))
    twice = next((field for field in names if names.count(field) > 1), None) if len(set(names)) < len(names) else None
    if twice is not None:
        raise InvalidData(f"{path} has two columns {twice!r}.", remedy="Give each its own name.", path=path)
    return names


def _label_of(names: Sequence[str]) -> int:
    lower = [name.lower() for name in names]
    last = len(names) - (2 if len(names) > 1 and lower[-1] == SPLIT else 1)
    return next((lower.index(label) for label in _LABELS if label in lower), last)


def _numbered(records: Records, path: str) -> Iterator[tuple[int, Sequence[str]]]:
    width = len(records.names)
    for number, row in enumerate(records.rows):
        if len(row) != width:
            raise InvalidData(
                f"{path}: row {number} has {len(row)} fields, and the first line has {width}.",
                remedy="Write it again with one row a line, and each row as long as the first.",
                path=path,
                row=number,
            )
        yield number, row
