"""Predictions as Parquet. The package pyarrow writes it, where it is installed.

python -m pip install "trainshed[parquet]"
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any, Final

from ml.errors import InvalidData
from ml.predictions.columns import Columns, kinds_of

_ROWS_A_GROUP: Final = 65_536
"""What is read at one go later. Small ones make a file large and slow."""


class ParquetOutput:
    """Writes batches to a file. Raises `InvalidData` with the command that installs what is missing."""

    def __init__(self, path: Path, first: Columns) -> None:
        self._arrow, parquet = _pyarrow("pyarrow"), _pyarrow("pyarrow.parquet")
        types = {"text": self._arrow.string(), "whole": self._arrow.int64(), "number": self._arrow.float64()}
        self._schema = self._arrow.schema([(name, types[kind]) for name, kind in kinds_of(first).items()])
        self._writer = parquet.ParquetWriter(path, self._schema)
        self._waiting: list[Any] = []
        self._rows = 0

    def write(self, columns: Columns) -> None:
        """Take the rows of a batch; they are written when there are enough for a group."""
        fields = zip(columns.values(), self._schema, strict=True)
        arrays = [self._arrow.array(values, field.type) for values, field in fields]
        batch = self._arrow.record_batch(arrays, schema=self._schema)
        self._waiting.append(batch)
        self._rows += batch.num_rows
        if self._rows >= _ROWS_A_GROUP:
            self._write()

    def close(self) -> None:
        """Write what waits, and the end of the file."""
        if self._waiting:
            self._write()
        self._writer.close()

    def _write(self) -> None:
        self._writer.write_table(self._arrow.Table.from_batches(self._waiting), row_group_size=self._rows)
        self._waiting, self._rows = [], 0


def _pyarrow(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise InvalidData(
            "format is parquet, which the package pyarrow writes, and it is not installed on this worker.",
            remedy='Install it there: python -m pip install "trainshed[parquet]"; or set format to csv or jsonl.',
            field="format",
        ) from error
