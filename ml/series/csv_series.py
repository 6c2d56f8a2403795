"""A .csv file with a value in each row, and maybe its time and the name of its series."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from ml.data.fields import as_number
from ml.data.files import DataSource
from ml.errors import InvalidData
from ml.series.series_set import Series, SeriesSet
from ml.tables.quantities import read_quantities
from ml.tables.sheet import Sheet, read_sheet
from trainshed.specs import Columns

_TIMES: Final = ("time", "timestamp", "date", "datetime", "ds")
_SERIES: Final = ("series",)


def read_csv_series(source: DataSource, columns: Columns) -> SeriesSet:
    """Read and check the file; rows may be in any order of time. Raises `InvalidData` that names row and column."""
    sheet = read_sheet(source, columns)
    values = read_quantities(sheet)
    time = _place(sheet, columns.time, _TIMES)
    times = sheet.rows.astype(np.float64) if time is None else read_times(sheet, time)
    of = _place(sheet, columns.series, _SERIES)
    names = [""] * len(values) if of is None else sheet.texts[of]
    return SeriesSet(
        source=source.name,
        series=tuple(_series(name, names, times, values, sheet) for name in sorted(set(names))),
        label=sheet.label,
        provenance=source.provenance,
        licence="not stated",
        format=sheet.format,
    )


def write_csv_series(series: SeriesSet, path: Path) -> None:
    """Write a row for each value: its series, its time as it is kept, and the value."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["series", "time", series.label])
        for one in series.series:
            rows = zip(one.times.tolist(), one.values.tolist(), strict=True)
            writer.writerows((one.name, time, value) for time, value in rows)


def as_time(text: str) -> float | None:
    """Return the seconds since 1970 of an ISO date or time (without a zone: UTC), or the number that a text holds."""
    number = as_number(text)
    if number is not None:
        return number if np.isfinite(number) else None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _place(sheet: Sheet, named: str | None, usual: Sequence[str]) -> int | None:
    if named is not None:
        return sheet.names.index(named)
    return next((at for at, name in enumerate(sheet.names) if name.lower() in usual and at != sheet.place), None)


def read_times(sheet: Sheet, place: int) -> npt.NDArray[np.float64]:
    """Return the times of a column (rows,). Raises `InvalidData` for what is none."""
    times = [as_time(text) for text in sheet.texts[place]]
    wrong = next((row for row, time in enumerate(times) if time is None), None)
    if wrong is not None:
        text = sheet.texts[place][wrong][:40]
        raise InvalidData(
            f"{sheet.path}: {sheet.names[place]} of row {sheet.rows[wrong]} is {text!r}, which is no time.",
            remedy="Write times as 2024-12-31, as 2024-12-31T23:59:00, or as numbers.",
            path=sheet.path,
            row=int(sheet.rows[wrong]),
            field=sheet.names[place],
        )
    return np.array(times, np.float64)


def _series(
    name: str,
    names: Sequence[str],
    times: npt.NDArray[np.float64],
    values: npt.NDArray[np.float64],
    sheet: Sheet,
) -> Series:
    rows = np.array([row for row, each in enumerate(names) if each == name])
    rows = rows[np.argsort(times[rows], kind="stable")]
    twice = np.flatnonzero(np.diff(times[rows]) == 0)
    if twice.size:
        row = int(sheet.rows[rows[twice[0] + 1]])
        of = f" of the series {name}" if name else ""
        raise InvalidData(
            f"{sheet.path}: row {row} has a time{of} that row {sheet.rows[rows[twice[0]]]} has, too.",
            remedy="A series has one value at a time: sum them up, or name the column that tells series apart with"
            " data.columns.series.",
            path=sheet.path,
            row=row,
        )
    return Series(name, times[rows], values[rows], sheet.rows[rows])
