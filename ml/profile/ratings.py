"""Adds to a profile what only ratings have: how many users and items there are, how dense, and who rates how."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

import numpy as np

from ml.data.files import DataSource
from ml.data.naming import bare
from ml.data.rows import opened_rows
from ml.errors import InvalidData
from ml.profile.document import ProfileDocument, RatingCount, RatingsProfile, Spread
from ml.profile.findings import first_problems
from ml.ratings import RatingSet
from ml.ratings.csv_ratings import ITEMS, USERS, read_csv_ratings
from trainshed.specs import Columns, Data

_MOST_VALUES: Final = 20
_FEW: Final = 3
"""Rows of a user: one to learn from, one to be watched on, one to be measured on."""


def with_ratings_of(document: ProfileDocument, source: DataSource, data: Data) -> ProfileDocument:
    """Return the document with what is seen of a file as ratings, if it has users and items."""
    columns = data.columns or Columns()
    is_said = columns.user is not None and columns.item is not None
    if not is_said and not _has_users_and_items(source):
        return document
    try:
        return with_ratings(document, read_csv_ratings(source, columns))
    except InvalidData as error:
        problems = [*document.problems, f"As ratings: {error.detail}"]
        return document.model_copy(update={"problems": tuple(first_problems(iter(problems)))})


def with_ratings(document: ProfileDocument, data: RatingSet) -> ProfileDocument:
    """Return the document with what is seen in checked ratings."""
    by_user, by_item = np.bincount(data.user_of), np.bincount(data.item_of)
    seen = RatingsProfile(
        users=len(data.users),
        items=len(data.items),
        density=data.density,
        per_user=_spread(by_user),
        per_item=_spread(by_item),
        has_times=data.times is not None,
        values=() if data.ratings is None else tuple(_values(data.ratings.tolist())),
    )
    problems = [*document.problems, *_problems(data, by_user)]
    return document.model_copy(update={"ratings": seen, "problems": tuple(first_problems(iter(problems)))})


def _has_users_and_items(source: DataSource) -> bool:
    with opened_rows(source) as rows:
        names = {bare(name) for name in rows.names}
    return not names.isdisjoint(USERS) and not names.isdisjoint(ITEMS)


def _spread(counts: np.ndarray) -> Spread:
    there = counts[counts > 0]
    return Spread(least=int(there.min()), median=float(np.median(there)), most=int(there.max()))


def _values(ratings: list[float]) -> Iterator[RatingCount]:
    """Yield each rating, or where there are too many different ones equal ranges by their lower ends."""
    counts = Counter(ratings)
    if len(counts) > _MOST_VALUES:
        found, edges = np.histogram(ratings, bins=_MOST_VALUES)
        counts = Counter(dict(zip(edges[:-1].tolist(), found.tolist(), strict=True)))
    for value in sorted(counts):
        yield RatingCount(rating=value, count=counts[value])


def _problems(data: RatingSet, by_user: np.ndarray) -> Iterator[str]:
    for why, count in data.dropped.items():
        yield f"As ratings, {count:,} rows are left out: {why}."
    few = int(np.count_nonzero((by_user > 0) & (by_user < _FEW)))
    if few:
        yield f"{few:,} of {len(data.users):,} users have fewer than {_FEW} items: nothing of theirs can be held out."
    if data.synthetic:
        yield "The data are synthetic: results on them say nothing about the world."
