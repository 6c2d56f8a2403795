"""Series of quantities over time: read, cut into windows without a look ahead, and divided by time."""

from ml.series.load import load_series
from ml.series.origins import Origins, divide_by_time, last_windows, origins_of
from ml.series.series_set import SeriesSet

__all__ = ["Origins", "SeriesSet", "divide_by_time", "last_windows", "load_series", "origins_of"]
