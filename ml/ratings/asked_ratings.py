"""Users, or users and items, that are to be answered for: read a batch at a time where they are rows of a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from ml.data.asked_rows import AskedRows, count_rows, refuse_empty, refuse_keep
from ml.data.files import DataSource, find_file
from ml.data.naming import place_of
from ml.data.questions import Asked, Questions, Rows, of_arrays
from ml.errors import InvalidData
from ml.job import DataFile
from ml.ratings.csv_ratings import ITEMS, USERS
from ml.ratings.load import load_ratings
from ml.ratings.vocabulary import Pairs, encode_pairs, numbers_of
from ml.tables.load import refuse_other_kinds
from trainshed.specs import Columns, Data

USER = "user"
"""The column of users in predictions."""


def ask_ratings(
    data: Data,
    *,
    users: Sequence[str],
    items: Sequence[str],
    keep: Sequence[str],
    chosen: Rows | None,
    roots: tuple[Path, ...],
    files: Mapping[str, DataFile],
) -> tuple[Questions, bool]:
    """Return pairs of numbers (n, 2) of what `data` names, and whether it has items; otherwise the second are 0.

    What is kept is the user, and the columns to keep. `chosen` are rows of the ratings as `load_ratings` has them.
    Raises `InvalidData`.
    """
    source = find_file(data, roots=roots, files=files)
    if source is None:
        refuse_keep(data, keep)
        known = load_ratings(data, roots=roots, files=files)
        questions = of_arrays(
            known.source,
            np.arange(len(known)) if chosen is None else chosen,
            lambda some: encode_pairs(known, some, users=users, items=items),
            lambda some: {USER: [known.users[code] for code in known.user_of[some]]},
        )
        return questions, True
    refuse_other_kinds(source)
    if chosen is not None:
        there = load_ratings(data, roots=roots, files=files).rows
        chosen = chosen if there is None else there[chosen]
    return _of_table(source, data.columns or Columns(), users, items, keep, chosen)


def _of_table(
    source: DataSource,
    columns: Columns,
    users: Sequence[str],
    items: Sequence[str],
    keep: Sequence[str],
    chosen: Rows | None,
) -> tuple[Questions, bool]:
    table = count_rows(source)
    table.refuse_missing(keep, why="keep names", field="keep")
    user = _user_column(table, columns)
    item = _item_column(table, columns)
    wanted = tuple(dict.fromkeys((user, *([] if item is None else [item]), *keep)))

    def read(size: int) -> Iterator[Asked]:
        for rows, texts in table.batches(wanted, size, chosen=chosen):
            names = [text.strip() for text in texts[user]]
            refuse_empty(names, rows, user, source.name)
            kept = {USER: names} | {name: texts[name] for name in keep if name != USER}
            yield Asked(rows, _pairs(names, None if item is None else texts[item], users, items), kept)

    return Questions(source.name, table.count if chosen is None else len(chosen), read), item is not None


def _pairs(names: Sequence[str], chosen: Sequence[str] | None, users: Sequence[str], items: Sequence[str]) -> Pairs:
    numbers = numbers_of(names, users)
    of_items = np.zeros_like(numbers) if chosen is None else numbers_of([text.strip() for text in chosen], items)
    return np.stack([numbers, of_items], axis=1)


def _user_column(table: AskedRows, columns: Columns) -> str:
    if columns.user is not None:
        table.refuse_missing([columns.user], why="data.columns.user names", field="data.columns.user")
    place = place_of(table.names, columns.user, USERS)
    if place is None:
        raise InvalidData(
            f"{table.source.name} has no column of users; it has {', '.join(table.names[:50])}.",
            remedy=f"Name it with data.columns.user; known without that are {', '.join(USERS)}.",
            path=table.source.name,
            field="data.columns.user",
        )
    return table.names[place]


def _item_column(table: AskedRows, columns: Columns) -> str | None:
    """Return the column of items; data without one asks what to recommend."""
    if columns.item is not None:
        return columns.item if columns.item in table.names else None
    place = place_of(table.names, None, ITEMS)
    return None if place is None else table.names[place]
