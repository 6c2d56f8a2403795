"""A table read a batch at a time, however long it is: the columns that are asked for, by name, and no label."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from ml.data.fields import is_missing
from ml.data.files import DataSource
from ml.data.rows import opened_rows
from ml.errors import InvalidData
from trainshed.specs import Data
from trainshed.specs.explain import nearest

Rows = npt.NDArray[np.int64]
_SHOWN: Final = 50


@dataclass(frozen=True, slots=True)
class AskedRows:
    """A table whose rows have been counted, and found to be as long as its names."""

    source: DataSource
    names: tuple[str, ...]
    label: int
    """Which column holds the labels where it has any: `label`, `y`, or the last one."""
    count: int

    def refuse_missing(self, wanted: Sequence[str], *, why: str, field: str | None = None) -> None:
        """Raise `InvalidData` for a column that is not there; `why` says who wants it."""
        for name in wanted:
            if name not in self.names:
                near = nearest(name, self.names)
                hint = f" Is it {near!r} there?" if near else ""
                raise InvalidData(
                    f"{self.source.name} has no column {name!r}, which {why}.",
                    remedy=f"Its columns are {', '.join(self.names[:_SHOWN])}.{hint}",
                    path=self.source.name,
                    field=field or name,
                )

    def batches(
        self, wanted: Sequence[str], size: int, *, chosen: Rows | None
    ) -> Iterator[tuple[Rows, Mapping[str, list[str]]]]:
        """Yield the rows `chosen` (ascending; None: all) in batches of so many, with the texts of their columns.

        The texts are as they are written, with spaces around them.
        """
        places = [self.names.index(name) for name in wanted]
        numbers: list[int] = []
        texts: list[list[str]] = [[] for _ in wanted]
        left = iter([] if chosen is None else chosen.tolist())
        awaited = next(left, -1)
        with opened_rows(self.source) as rows:
            for number, row in rows.numbered:
                if chosen is not None:
                    if number != awaited:
                        continue
                    awaited = next(left, -1)
                numbers.append(number)
                for column, place in zip(texts, places, strict=True):
                    column.append(row[place])
                if len(numbers) == size:
                    yield np.array(numbers, np.int64), dict(zip(wanted, texts, strict=True))
                    numbers, texts = [], [[] for _ in wanted]
        if numbers:
            yield np.array(numbers, np.int64), dict(zip(wanted, texts, strict=True))


def texts_in(table: AskedRows, wanted: Sequence[str], rows: Rows) -> dict[str, list[str]]:
    """Return the texts of columns in rows (n,) of any order, which may be in it more than once."""
    there = np.unique(rows)
    ((_, texts),) = table.batches(wanted, len(there), chosen=there)
    places = np.searchsorted(there, rows)
    return {name: [texts[name][place] for place in places] for name in wanted}


def count_rows(source: DataSource) -> AskedRows:
    """Read through a table once. Raises `InvalidData` for one that is broken or has no rows."""
    with opened_rows(source) as rows:
        count = sum(1 for _ in rows.numbered)
        names, label = rows.names, rows.label
    if not count:
        raise InvalidData(f"{source.name} has no rows.", remedy="There is nothing to predict.", path=source.name)
    return AskedRows(source, names, label, count)


def refuse_empty(texts: Sequence[str], rows: Rows, column: str, path: str) -> None:
    """Raise `InvalidData` for a field of a column without which nothing can be answered."""
    empty = next((place for place, text in enumerate(texts) if is_missing(text)), None)
    if empty is not None:
        raise InvalidData(
            f"{path}: {column} of row {rows[empty]} has no text.",
            remedy="Each row needs a text; remove the row.",
            path=path,
            row=int(rows[empty]),
            field=column,
        )


def refuse_keep(data: Data, keep: Sequence[str]) -> None:
    """Raise `InvalidData` where columns are to be kept of data that has none."""
    if keep:
        raise InvalidData(
            f"keep names {keep[0]!r}, and {data.dataset or data.path} has no columns.",
            remedy="Leave keep out: the column `row` tells answers apart.",
            field="keep",
        )
