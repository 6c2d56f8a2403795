"""What a table becomes for a network: fitted on rows of the train part alone, and kept on the model's card as data.

A number is made mean 0 and standard deviation 1, in float64, so that large numbers such as times keep their digits; one
that a step has brought to a scale stays as it is. A missing one is replaced, and that it was missing is one more column
where the train part has such. A category is one column for each of its values in the train part; a value that was not
there has 0 in all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Discriminator

from ml.errors import InvalidData
from ml.tables.frame import Columned
from ml.tables.refusals import refuse_too_many
from ml.tables.table import Categories, Column, Numbers
from trainshed.specs import SpecModel

_FURTHEST: Final = 1e6
"""Standard deviations: what lies further off is brought there, or one number would drown all others."""

Rows = npt.NDArray[np.int64]


class NumberEncoding(SpecModel):
    """How one column of numbers is encoded."""

    column: Literal["number"] = "number"
    name: str
    fill: float
    """Stands in for a missing one."""
    mean: float
    deviation: float
    marks_missing: bool
    """Whether one more column says that it was missing."""


class CategoryEncoding(SpecModel):
    """How one column of categories is encoded."""

    column: Literal["category"] = "category"
    name: str
    values: tuple[str, ...]


Encoding = tuple[Annotated[NumberEncoding | CategoryEncoding, Discriminator("column")], ...]
"""One for each column, in the order of the features."""


@dataclass(frozen=True, slots=True)
class Span:
    """The features that one column becomes."""

    name: str
    begin: int
    """The first of them."""
    width: int
    numbers: int
    """How many of them, the first ones, are numbers, and not marks."""


def fit_encoding(table: Columned, rows: Rows, *, missing: Literal["median", "mean", "refuse"]) -> Encoding:
    """Fit on the rows of the train part. Raises `InvalidData` for too many categories.

    `refuse` fills like `median` what is missing all the same: `refuse_missing_numbers` is what refuses.
    """
    return tuple(
        _number(column, rows, missing) if isinstance(column, Numbers) else _category(column, rows, table.source)
        for column in table.columns
    )


def refuse_missing_numbers(table: Columned) -> None:
    """Raise `InvalidData` for a missing number in any row."""
    for column in table.columns:
        if not isinstance(column, Numbers):
            continue
        absent = np.flatnonzero(np.isnan(column.values))
        if absent.size:
            raise InvalidData(
                f"{table.source}: {column.name} of row {absent[0]} is missing, and data.columns.missing is refuse.",
                remedy="Fill it in, or set data.columns.missing to median or mean.",
                path=table.source,
                row=int(absent[0]),
                field=column.name,
            )


def encode(encoding: Encoding, table: Columned, rows: Rows) -> npt.NDArray[np.float32]:
    """Return the rows as (n, features). Raises `InvalidData` for a table without a column that the model needs."""
    there = {column.name: column for column in table.columns}
    parts = [_encoded(one, there.get(one.name), rows, table) for one in encoding]
    return np.concatenate(parts, axis=1).astype(np.float32)


def feature_count(encoding: Encoding) -> int:
    """Return how many numbers a row becomes."""
    return sum(span.width for span in spans(encoding))


def spans(encoding: Encoding) -> tuple[Span, ...]:
    """Return which features come of which column, in order."""
    found: list[Span] = []
    begin = 0
    for one in encoding:
        width = len(one.values) if isinstance(one, CategoryEncoding) else 1 + one.marks_missing
        found.append(Span(one.name, begin, width, int(isinstance(one, NumberEncoding))))
        begin += width
    return tuple(found)


def _number(column: Numbers, rows: Rows, missing: str) -> NumberEncoding:
    seen = column.values[rows]
    known = seen[~np.isnan(seen)]
    fill = (np.mean(known) if missing == "mean" else np.median(known)) if known.size else 0.0
    filled = np.where(np.isnan(seen), fill, seen)
    # A column that never changes has deviation 0, and tells nothing: it becomes 0 everywhere.
    return NumberEncoding(
        name=column.name,
        fill=float(fill),
        mean=0.0 if column.is_scaled else float(filled.mean()),
        deviation=1.0 if column.is_scaled else float(filled.std()),
        marks_missing=bool(known.size < seen.size),
    )


def _category(column: Categories, rows: Rows, path: str) -> CategoryEncoding:
    seen = np.unique(column.codes[rows])
    refuse_too_many(column.name, int(np.count_nonzero(seen >= 0)), path)
    return CategoryEncoding(name=column.name, values=tuple(column.names[code] for code in seen if code >= 0))


def _encoded(
    one: NumberEncoding | CategoryEncoding, column: Column | None, rows: Rows, table: Columned
) -> npt.NDArray[np.float64]:
    if isinstance(one, NumberEncoding) and isinstance(column, Numbers):
        return _encoded_numbers(one, column.values[rows])
    if isinstance(one, CategoryEncoding) and isinstance(column, Categories):
        return _encoded_categories(one, column.codes[rows], column.names)
    what = "numbers" if isinstance(one, NumberEncoding) else "categories"
    raise InvalidData(
        f"{table.source} has no column {one.name} of {what}, which the model was trained on.",
        remedy="Give a table with the columns of the training data; data.columns.categories names codes.",
        path=table.source,
        field=one.name,
    )


def _encoded_numbers(one: NumberEncoding, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    absent = np.isnan(values)
    filled = np.where(absent, one.fill, values)
    scaled = (filled - one.mean) / one.deviation if one.deviation > 0 else np.zeros_like(filled)
    bounded = np.clip(scaled, -_FURTHEST, _FURTHEST)
    return np.stack([bounded, absent.astype(np.float64)], axis=1) if one.marks_missing else bounded[:, None]


def _encoded_categories(one: CategoryEncoding, codes: Rows, names: Sequence[str]) -> npt.NDArray[np.float64]:
    places = {name: place for place, name in enumerate(one.values)}
    # One more place at the end for what is missing (-1), and for names that training has not seen.
    lookup = np.array([*(places.get(name, len(places)) for name in names), len(places)], np.int64)
    return np.eye(len(places) + 1)[lookup[codes]][:, :-1]
