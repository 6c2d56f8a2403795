"""Rows of a table that are to be answered. What its columns are, the card of the model says, not their values.

So no label is needed, columns may be in any order, others may stand beside them, and a column of codes that are all
numbers is of categories where it was in training.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from ml.data.asked_rows import AskedRows, count_rows
from ml.data.fields import as_number, is_missing
from ml.data.files import find_file
from ml.data.questions import Asked, Questions, Rows, of_arrays
from ml.errors import InvalidData
from ml.job import DataFile
from ml.tables.encoding import encode
from ml.tables.frame import Frame
from ml.tables.gaps import Gaps
from ml.tables.load import load_shipped, refuse_other_kinds
from ml.tables.preparation import (
    Prepares,
    ReadColumn,
    applied,
    columns_read,
    encoder,
    looks_at_other_rows,
)
from ml.tables.refusals import refuse_cleaning
from ml.tables.table import Categories, Column, Numbers, texts_of
from trainshed.specs import Data


def ask_table(
    data: Data,
    card: Prepares,
    *,
    keep: Sequence[str],
    chosen: Rows | None,
    roots: tuple[Path, ...],
    files: Mapping[str, DataFile],
    gaps: Gaps,
) -> Questions:
    """Return the rows `chosen` (ascending; None: all), with the columns to keep; `gaps` counts while they are read.

    Raises `InvalidData`.
    """
    if chosen is None:  # all rows are answered
        refuse_cleaning(data.clean, data.path or data.dataset or "")
    source = find_file(data, roots=roots, files=files)
    if source is None:
        return _of_shipped(data.dataset or "", card, keep, chosen)
    refuse_other_kinds(source)
    table = count_rows(source)
    table.refuse_missing([one.name for one in columns_read(card)], why="the model was trained on")
    table.refuse_missing(keep, why="keep names", field="keep")

    def read(size: int) -> Iterator[Asked]:
        return _read(table, card, keep, size, chosen, gaps)

    return Questions(source.name, table.count if chosen is None else len(chosen), read)


def _read(
    table: AskedRows, card: Prepares, keep: Sequence[str], size: int, chosen: Rows | None, gaps: Gaps
) -> Iterator[Asked]:
    wanted = tuple(dict.fromkeys((*(one.name for one in columns_read(card)), *keep)))
    if looks_at_other_rows(card.steps):
        ((rows, texts),) = table.batches(wanted, table.count, chosen=None)
        yield from _batches(_asked(rows, texts, table.source.name, card, keep, gaps), chosen, size)
        return
    for rows, texts in table.batches(wanted, size, chosen=chosen):
        yield _asked(rows, texts, table.source.name, card, keep, gaps)


def _asked(
    rows: Rows, texts: Mapping[str, list[str]], path: str, card: Prepares, keep: Sequence[str], gaps: Gaps
) -> Asked:
    columns = tuple(_column(one, texts[one.name], rows, path) for one in columns_read(card))
    frame = applied(card.steps, Frame(path, columns, len(rows)))
    gaps.add(card.encoding, frame.columns)
    return Asked(rows, encode(card.encoding, frame, np.arange(len(rows))), {name: texts[name] for name in keep})


def _batches(asked: Asked, chosen: Rows | None, size: int) -> Iterator[Asked]:
    wanted = asked.rows if chosen is None else chosen
    for start in range(0, len(wanted), size):
        some = wanted[start : start + size]
        yield Asked(some, asked.inputs[some], {name: [kept[row] for row in some] for name, kept in asked.kept.items()})


def _column(one: ReadColumn, texts: Sequence[str], rows: Rows, path: str) -> Column:
    if one.column == "category":
        found = [None if is_missing(text) else text.strip() for text in texts]
        names = tuple(sorted({text for text in found if text is not None}))
        places = {name: place for place, name in enumerate(names)}
        return Categories(one.name, np.array([-1 if text is None else places[text] for text in found], np.int64), names)
    values = np.array([_number(text) for text in texts], np.float64)
    wrong = np.flatnonzero(np.isinf(values))
    if wrong.size:
        row, text = int(rows[wrong[0]]), texts[int(wrong[0])].strip()
        raise InvalidData(
            f"{path}: {one.name} of row {row} is {text[:40]!r}, and the model was trained on numbers there.",
            remedy="Correct it, or leave it empty: it is filled in then as it was in training.",
            path=path,
            row=row,
            field=one.name,
        )
    return Numbers(one.name, values)


def _number(text: str) -> float:
    """Return the number that a text holds, NaN where it is missing, and infinity where it is none."""
    if is_missing(text):
        return np.nan
    number = as_number(text)
    return np.inf if number is None else number


def _of_shipped(name: str, card: Prepares, keep: Sequence[str], chosen: Rows | None) -> Questions:
    table = load_shipped(name)
    there = {column.name: column for column in table.columns}
    unknown = next((one for one in keep if one not in there), None)
    if unknown is not None:
        raise InvalidData(
            f"{name} has no column {unknown!r}, which keep names.",
            remedy=f"Its columns are {', '.join(there)}.",
            path=name,
            field="keep",
        )
    rows = np.arange(len(table.columns[0]), dtype=np.int64) if chosen is None else chosen
    return of_arrays(
        name,
        rows,
        encoder(card, table),
        lambda some: {one: texts_of(there[one], some) for one in keep},
    )
