"""Predictions as .csv (RFC 4180, UTF-8, names in the first line).

Values are data and are written as they are: numbers with all digits that tell them apart, and texts even where a
spreadsheet would take them for a formula. Who opens the file in one, imports the columns as text.
"""

from __future__ import annotations

import csv
from typing import TextIO

from ml.predictions.columns import Columns, plain


class CsvOutput:
    """Writes batches to a text file that was opened with `newline=""`."""

    def __init__(self, file: TextIO, first: Columns) -> None:
        self._writer = csv.writer(file, lineterminator="\n")
        self._writer.writerow(first)

    def write(self, columns: Columns) -> None:
        """Append the rows of a batch."""
        self._writer.writerows(zip(*map(plain, columns.values()), strict=True))

    def close(self) -> None:
        """Nothing is held back."""
