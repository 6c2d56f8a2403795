"""Reads dates and times of a column."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from ml.data.fields import as_number
from ml.tables.table import Column, Numbers


def as_moment(text: str) -> datetime | None:
    """Return what an ISO date or time says, in its own zone or in UTC; a number is seconds since 1970."""
    number = as_number(text)
    try:
        if number is not None:
            return datetime.fromtimestamp(number, UTC)
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def distinct_moments(column: Column) -> tuple[list[datetime | None], npt.NDArray[np.int64]]:
    """Return the different moments of a column, None at the end, and the place of each row among them."""
    if isinstance(column, Numbers):
        values, codes = np.unique(column.values, return_inverse=True)  # all NaN are one value, the last
        return [None if np.isnan(value) else as_moment(repr(float(value))) for value in values] + [None], codes
    return [*map(as_moment, column.names), None], column.codes


def seconds_of(column: Column) -> npt.NDArray[np.float64]:
    """Return (rows,) what orders the rows in time: numbers as they are, dates as seconds. NaN where there is none."""
    if isinstance(column, Numbers):
        return column.values
    moments, codes = distinct_moments(column)
    return np.array([np.nan if one is None else one.timestamp() for one in moments])[codes]
