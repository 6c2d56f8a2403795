"""A .csv file with a column of sources and one of targets."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Final

from ml.data.files import DataSource
from ml.data.naming import NO_NAMES, place_of
from ml.errors import InvalidData
from ml.pairs.checked import checked_pairs
from ml.pairs.pair_set import PairSet
from ml.tables.sheet import read_sheet, refuse_own_parts
from trainshed.specs import Columns

SOURCES: Final = ("source", "src")
TARGETS: Final = ("target", "tgt")


def read_csv_pairs(source: DataSource, columns: Columns) -> PairSet:
    """Read and check the file. Raises `InvalidData` that names file, row and column."""
    sheet = read_sheet(source, columns)
    refuse_own_parts(sheet)
    before, after = (
        place_of(sheet.names, columns.source, SOURCES),
        place_of(sheet.names, columns.target, TARGETS),
    )
    if before is None and after is None and len(sheet.names) == 2:
        before, after = 0, 1
    if before is None or after is None or before == after:
        raise InvalidData(
            f"{sheet.path}: which columns hold the two texts is not clear; it has {', '.join(sheet.names[:50])}.",
            remedy=f"Name them with data.columns.source and data.columns.target. {NO_NAMES}",
            path=sheet.path,
            field="data.columns.source",
        )
    texts = zip(sheet.texts[before], sheet.texts[after], strict=True)
    return checked_pairs(source, texts, (sheet.names[before], sheet.names[after]), format_="csv")


def write_csv_pairs(pairs: PairSet, path: Path) -> None:
    """Write a column of sources and one of targets."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["source", "target"])
        writer.writerows(zip(pairs.sources, pairs.targets, strict=True))
