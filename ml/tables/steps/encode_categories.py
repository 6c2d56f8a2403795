"""`one_hot`, `ordinal`, `hashing`, `limit_categories`: what becomes of categories."""

from __future__ import annotations

import hashlib
from typing import Final, Literal

import numpy as np

from ml.tables.frame import Frame, Rows, categories_of
from ml.tables.refusals import refuse_too_many
from ml.tables.steps.choosing import Floats, by_frequency, categories_for
from ml.tables.steps.fitted import Fitted
from ml.tables.table import Categories, Column, Numbers
from trainshed.specs import Hashing, LimitCategories, OneHot, Ordinal, SpecModel

OTHER: Final = "(other)"


class Values(SpecModel):
    """The categories of one column that are known, in their order."""

    name: str
    values: tuple[str, ...]


class OneHots(Fitted):
    """Makes one column of each value."""

    step: Literal["one_hot"] = "one_hot"
    columns: tuple[Values, ...]

    def apply(self, frame: Frame) -> Frame:
        return frame.replacing({one.name: _one_hot(frame.categories(one.name), one.values) for one in self.columns})


class Places(Fitted):
    """Replaces values by their places; any other is missing."""

    step: Literal["ordinal"] = "ordinal"
    columns: tuple[Values, ...]

    def apply(self, frame: Frame) -> Frame:
        return frame.replacing({one.name: [_places(frame.categories(one.name), one.values)] for one in self.columns})


class Hashed(Fitted):
    """Makes columns of buckets, of which a value is in one."""

    step: Literal["hashing"] = "hashing"
    columns: tuple[str, ...]
    buckets: int

    def apply(self, frame: Frame) -> Frame:
        return frame.replacing({name: _hashed(frame.categories(name), self.buckets) for name in self.columns})


class Limited(Fitted):
    """Makes one category of all that are not known."""

    step: Literal["limit_categories"] = "limit_categories"
    columns: tuple[Values, ...]

    def apply(self, frame: Frame) -> Frame:
        return frame.replacing({one.name: [_limited(frame.categories(one.name), one.values)] for one in self.columns})


def fit_one_hot(step: OneHot, frame: Frame) -> OneHots:
    """Fit the values on the train part. Raises `InvalidData` where there are too many, and `most` is not given."""
    columns = []
    for column in categories_for(step.columns, frame):
        frequent = [name for name, _ in by_frequency(column)]
        refuse_too_many(column.name, min(len(frequent), step.most or len(frequent)), frame.source)
        columns.append(Values(name=column.name, values=tuple(sorted(frequent[: step.most]))))
    return OneHots(columns=tuple(columns))


def fit_ordinal(step: Ordinal, frame: Frame) -> Places:
    """Fit the values on the train part, where no order is given."""
    columns = categories_for(step.columns, frame)
    return Places(columns=tuple(Values(name=one.name, values=step.order or one.names) for one in columns))


def fit_hashing(step: Hashing, frame: Frame) -> Hashed:
    """Take the columns over: there is nothing to fit."""
    return Hashed(columns=tuple(one.name for one in categories_for(step.columns, frame)), buckets=step.buckets)


def fit_limit_categories(step: LimitCategories, frame: Frame) -> Limited:
    """Fit the most frequent values on the train part."""
    columns = []
    for column in categories_for(step.columns, frame):
        kept = [name for name, count in by_frequency(column)[: step.most] if count >= step.at_least]
        columns.append(Values(name=column.name, values=tuple(sorted(kept))))
    return Limited(columns=tuple(columns))


def _one_hot(column: Categories, values: tuple[str, ...]) -> list[Column]:
    places = _codes_in(column, values)
    return [Numbers(f"{column.name}={value}", _is(places, at), is_scaled=True) for at, value in enumerate(values)]


def _places(column: Categories, values: tuple[str, ...]) -> Numbers:
    places = _codes_in(column, values)
    return Numbers(column.name, np.where(places < 0, np.nan, places.astype(np.float64)))


def _hashed(column: Categories, buckets: int) -> list[Column]:
    of_name = [_bucket(name, buckets) for name in column.names]
    places = np.array([*of_name, -1], np.int64)[column.codes]
    return [Numbers(f"{column.name}#{at}", _is(places, at), is_scaled=True) for at in range(buckets)]


def _limited(column: Categories, values: tuple[str, ...]) -> Categories:
    known = set(values)
    names = [name if name in known else OTHER for name in column.names]
    return categories_of(column.name, column.codes, names)


def _codes_in(column: Categories, values: tuple[str, ...]) -> Rows:
    """Return the place of each row in `values`, or -1."""
    places = {value: at for at, value in enumerate(values)}
    return np.array([*(places.get(name, -1) for name in column.names), -1], np.int64)[column.codes]


def _is(places: Rows, at: int) -> Floats:
    here: Floats = (places == at).astype(np.float64)
    return here


def _bucket(name: str, buckets: int) -> int:
    # Not `hash`, which is another one in each process.
    digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little") % buckets
