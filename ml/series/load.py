"""From `data:` of a spec to checked series."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from ml.data.builtin import load_known
from ml.data.files import find_file
from ml.job import DataFile
from ml.series.csv_series import read_csv_series
from ml.series.packaged import AUSCAFE, STOCKS, load_auscafe, load_stocks
from ml.series.series_set import SeriesSet
from ml.tables.load import refuse_other_kinds
from ml.tables.refusals import refuse_cleaning
from trainshed.specs import Columns, Data

BUILTIN_SERIES: Final[dict[str, Callable[[], SeriesSet]]] = {AUSCAFE: load_auscafe, STOCKS: load_stocks}


def load_series(data: Data, *, roots: tuple[Path, ...], files: Mapping[str, DataFile]) -> SeriesSet:
    """Read and check the series that `data` names: a path only if it lies below `roots`. Raises `InvalidData`."""
    refuse_cleaning(data.clean, data.path or data.dataset or "")
    source = find_file(data, roots=roots, files=files)
    if source is None:
        remedy = "or upload a .csv file with a value in each row; or give data.path."
        return load_known(data.dataset or "", BUILTIN_SERIES, what="set of series", remedy=remedy)
    refuse_other_kinds(source)
    return read_csv_series(source, data.columns or Columns())
