"""Texts that are to be translated: without targets, read a batch at a time where they are rows of a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.data.asked_rows import AskedRows, count_rows, refuse_empty, refuse_keep
from ml.data.files import DataSource, find_file
from ml.data.naming import place_of
from ml.data.questions import Asked, Questions, Rows, of_arrays
from ml.errors import InvalidData
from ml.job import DataFile
from ml.pairs.csv_pairs import SOURCES
from ml.pairs.load import catalogued_pairs, load_pairs
from ml.tables.load import refuse_other_kinds
from trainshed.specs import Columns, Data

Take = Callable[[Sequence[str]], npt.NDArray[Any]]


def ask_pairs(
    data: Data,
    trained: str,
    take: Take,
    *,
    keep: Sequence[str],
    chosen: Rows | None,
    roots: tuple[Path, ...],
    files: Mapping[str, DataFile],
) -> Questions:
    """Return the sources that `data` names; `trained` is what their column was called in training.

    `take` makes of texts what the model takes. `chosen` are rows of the pairs as `load_pairs` has them. Raises
    `InvalidData`.
    """
    source = find_file(data, roots=roots, files=files)
    columns = data.columns or Columns()
    if source is None or catalogued_pairs(source, columns) is not None:
        refuse_keep(data, keep)
        pairs = load_pairs(data, roots=roots, files=files)
        rows = np.arange(len(pairs)) if chosen is None else chosen
        return of_arrays(pairs.source, rows, lambda some: take([pairs.sources[row] for row in some]), lambda _: {})
    refuse_other_kinds(source)
    if chosen is not None:
        there = load_pairs(data, roots=roots, files=files).rows
        chosen = chosen if there is None else np.array(there, np.int64)[chosen]
    return _of_table(source, columns, trained, take, keep, chosen)


def _of_table(
    source: DataSource, columns: Columns, trained: str, take: Take, keep: Sequence[str], chosen: Rows | None
) -> Questions:
    table = count_rows(source)
    table.refuse_missing(keep, why="keep names", field="keep")
    name = _source_column(table, columns, trained)
    wanted = tuple(dict.fromkeys((name, *keep)))

    def read(size: int) -> Iterator[Asked]:
        for rows, texts in table.batches(wanted, size, chosen=chosen):
            refuse_empty(texts[name], rows, name, source.name)
            yield Asked(rows, take(texts[name]), {each: texts[each] for each in keep})

    return Questions(source.name, table.count if chosen is None else len(chosen), read)


def _source_column(table: AskedRows, columns: Columns, trained: str) -> str:
    if columns.source is not None:
        table.refuse_missing([columns.source], why="data.columns.source names", field="data.columns.source")
        return columns.source
    usual = [trained.lower(), *SOURCES]
    place = 0 if len(table.names) == 1 else place_of(table.names, None, usual)
    if place is None:
        raise InvalidData(
            f"{table.source.name}: which column holds the texts is not clear; it has {', '.join(table.names[:50])}.",
            remedy="Name it with data.columns.source.",
            path=table.source.name,
            field="data.columns.source",
        )
    return table.names[place]
