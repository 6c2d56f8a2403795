"""A .csv file with a user and an item in each row, and maybe a rating and a time."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from ml.data.fields import is_missing
from ml.data.files import DataSource
from ml.data.naming import NO_NAMES, place_of
from ml.errors import InvalidData
from ml.ratings.rating_set import Codes, Floats, RatingSet
from ml.series.csv_series import read_times
from ml.tables.quantities import read_quantities
from ml.tables.sheet import Sheet, read_sheet, refuse_own_parts
from trainshed.specs import Columns

_PEOPLE: Final = ("user", "customer", "visitor", "reviewer")
_THINGS: Final = (
    "item",
    "product",
    "movie",
    "book",
    "song",
    "track",
    "artist",
    "business",
    "article",
    "title",
    "isbn",
    "asin",
)
USERS: Final = tuple(f"{name}{ending}" for name in _PEOPLE for ending in ("", "id"))
ITEMS: Final = tuple(f"{name}{ending}" for name in _THINGS for ending in ("", "id"))
"""What their columns are usually called, bare of what is between words."""
_RATINGS: Final = ("rating", "label", "stars", "score", "y")
_TIMES: Final = ("time", "timestamp", "date")
_REPEATED: Final = "an earlier row of the same user and item"


def read_csv_ratings(source: DataSource, columns: Columns) -> RatingSet:
    """Read and check the file. Raises `InvalidData` that names file, row, column and value."""
    sheet = read_sheet(source, columns)
    refuse_own_parts(sheet)
    users, user_of = _coded(sheet, _needed(sheet, columns.user, USERS, "user"))
    items, item_of = _coded(sheet, _needed(sheet, columns.item, ITEMS, "item"))
    rated = place_of(sheet.names, columns.label, _RATINGS)
    timed = place_of(sheet.names, columns.time, _TIMES)
    ratings = None if rated is None else read_quantities(replace(sheet, place=rated))
    times = None if timed is None else read_times(sheet, timed)
    kept = _last_of_each(user_of, item_of, times)
    repeated = len(user_of) - len(kept)
    return RatingSet(
        source=source.name,
        users=users,
        items=items,
        user_of=user_of[kept],
        item_of=item_of[kept],
        ratings=None if ratings is None else ratings[kept],
        times=None if times is None else times[kept],
        label="rating" if rated is None else sheet.names[rated],
        provenance=source.provenance,
        licence="not stated",
        dropped={_REPEATED: repeated} if repeated else {},
        rows=kept,
    )


def write_csv_ratings(data: RatingSet, path: Path) -> None:
    """Write columns of users, items and, where there are, ratings and times."""
    columns: dict[str, Sequence[object]] = {
        "user": [data.users[code] for code in data.user_of],
        "item": [data.items[code] for code in data.item_of],
    }
    if data.ratings is not None:
        columns["rating"] = data.ratings.tolist()
    if data.times is not None:
        columns["time"] = data.times.tolist()
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))


def _needed(sheet: Sheet, named: str | None, usual: Sequence[str], field: str) -> int:
    place = place_of(sheet.names, named, usual)
    if place is None:
        raise InvalidData(
            f"{sheet.path} has no column of {field}s; it has {', '.join(sheet.names[:50])}.",
            remedy=f"Name it with data.columns.{field}; known without that are {', '.join(usual)}. {NO_NAMES}",
            path=sheet.path,
            field=f"data.columns.{field}",
        )
    return place


def _coded(sheet: Sheet, place: int) -> tuple[tuple[str, ...], Codes]:
    """Return the different values of a column in the order of their letters, and the place of that of each row."""
    texts = sheet.texts[place]
    missing = next((row for row, text in enumerate(texts) if is_missing(text)), None)
    if missing is not None:
        raise InvalidData(
            f"{sheet.path}: {sheet.names[place]} of row {missing} is missing.",
            remedy="Each row needs a user and an item; remove the row.",
            path=sheet.path,
            row=missing,
            field=sheet.names[place],
        )
    names = tuple(sorted(set(texts)))
    places = {name: at for at, name in enumerate(names)}
    return names, np.array([places[text] for text in texts], np.int64)


def _last_of_each(user_of: Codes, item_of: Codes, times: Floats | None) -> Codes:
    """Return the rows, ascending, that no later one of the same user and item follows: by time, or by their order.

    One pair in two parts would let a model be measured on what it was told.
    """
    when = np.zeros(len(user_of)) if times is None else times
    order = np.lexsort((np.arange(len(user_of)), when, item_of, user_of))
    user, item = user_of[order], item_of[order]
    is_last = np.ones(len(order), np.bool_)
    is_last[:-1] = (user[1:] != user[:-1]) | (item[1:] != item[:-1])
    return np.sort(order[is_last])
