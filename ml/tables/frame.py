"""The columns of a table without what is to be learned: all that a step may see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ml.errors import InvalidData
from ml.tables.table import Categories, Column, Numbers

Rows = npt.NDArray[np.int64]


class Columned(Protocol):
    """A table, of which only its columns count."""

    @property
    def source(self) -> str: ...
    @property
    def columns(self) -> tuple[Column, ...]: ...


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """Columns of equal length, each with a name of its own."""

    source: str
    """Where they come from, for messages."""
    columns: tuple[Column, ...]
    rows: int

    @classmethod
    def of(cls, table: Columned) -> Frame:
        """Take the columns of a table."""
        return cls(table.source, table.columns, len(table.columns[0]))

    def column(self, name: str) -> Column | None:
        """Return the column of a name, where there is one."""
        return next((column for column in self.columns if column.name == name), None)

    def numbers(self, name: str) -> Numbers:
        """Return a column of numbers. Raises `InvalidData` where there is none of that name."""
        column = self.column(name)
        if not isinstance(column, Numbers):
            raise self._refusal(name, column, "numbers")
        return column

    def categories(self, name: str) -> Categories:
        """Return a column of categories. Raises `InvalidData` where there is none of that name."""
        column = self.column(name)
        if not isinstance(column, Categories):
            raise self._refusal(name, column, "categories")
        return column

    def any(self, name: str) -> Column:
        """Return a column. Raises `InvalidData` where there is none of that name."""
        column = self.column(name)
        if column is None:
            raise self._refusal(name, column, "numbers or categories")
        return column

    def take(self, rows: Rows | npt.NDArray[np.bool_]) -> Frame:
        """Return some rows. Categories that none of them has are unknown to it."""
        columns = tuple(_taken(column, rows) for column in self.columns)
        return Frame(self.source, columns, len(columns[0]) if columns else 0)

    def replacing(self, new: Mapping[str, Sequence[Column]]) -> Frame:
        """Return the columns with others in the place of those named. Raises `InvalidData` for a name given twice."""
        columns = tuple(one for column in self.columns for one in new.get(column.name, (column,)))
        return self._with(columns)

    def adding(self, new: Sequence[Column]) -> Frame:
        """Return the columns and more of them. Raises `InvalidData` for a name given twice."""
        return self._with((*self.columns, *new))

    def _with(self, columns: tuple[Column, ...]) -> Frame:
        names = [column.name for column in columns]
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise InvalidData(
                f"{self.source}: the steps make two columns {twice!r}.",
                remedy="Rename the column in the data, or leave out one of the steps.",
                path=self.source,
                field="preprocess",
            )
        if not columns:
            raise InvalidData(
                f"{self.source}: the steps leave no column.",
                remedy="A model needs columns to tell the label by.",
                path=self.source,
                field="preprocess",
            )
        return Frame(self.source, columns, self.rows)

    def _refusal(self, name: str, found: Column | None, kind: str) -> InvalidData:
        if found is None:
            listed = ", ".join(column.name for column in self.columns[:50])
            says, remedy = "has no column", f"At this step the columns are {listed}; what is to be learned is none."
        else:
            says = "has no column of " + kind
            remedy = "The step convert reads a column as another type."
        return InvalidData(
            f"{self.source} {says} {name!r}, which a step of preprocess names.",
            remedy=remedy,
            path=self.source,
            field=name,
        )


def missing_in(column: Column) -> npt.NDArray[np.bool_]:
    """Return which rows (n,) have no value."""
    return np.isnan(column.values) if isinstance(column, Numbers) else column.codes < 0


def categories_of(name: str, codes: Rows, names: Sequence[str]) -> Categories:
    """Return a column without the names that no row has, in the order of their letters."""
    there = sorted({names[code] for code in np.unique(codes) if code >= 0})
    places = {text: place for place, text in enumerate(there)}
    moved = np.array([*(places.get(text, -1) for text in names), -1], np.int64)
    return Categories(name, moved[codes], tuple(there))


def _taken(column: Column, rows: Rows | npt.NDArray[np.bool_]) -> Column:
    if isinstance(column, Numbers):
        return replace(column, values=column.values[rows])
    return categories_of(column.name, column.codes[rows], column.names)
