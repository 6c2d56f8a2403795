"""Predictions as Parquet."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from ml.predictions.columns import Columns, kinds_of

_ROWS_A_GROUP: Final = 65_536
"""What is read at one go later. Small ones make a file large and slow."""


class ParquetOutput:
    """Writes batches to a file."""

    def __init__(self, path: Path, first: Columns) -> None:
        import pyarrow as pa  # noqa: PLC0415  it costs 50 ms and 30 MB, which other formats need not pay
        from pyarrow import parquet  # noqa: PLC0415

        self._arrow = pa
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
