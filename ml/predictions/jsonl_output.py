"""Predictions as JSON Lines: one object a row, UTF-8."""

from __future__ import annotations

import json
from typing import TextIO

from ml.predictions.columns import Columns, plain


class JsonlOutput:
    """Writes batches to a text file."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, columns: Columns) -> None:
        """Append the rows of a batch."""
        rows = zip(*map(plain, columns.values()), strict=True)
        self._file.writelines(
            f"{json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False, allow_nan=False)}\n" for row in rows
        )

    def close(self) -> None:
        """Nothing is held back."""
