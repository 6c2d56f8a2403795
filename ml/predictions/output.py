"""From batches of answers to the file of a job."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, assert_never

from ml.predictions.columns import Columns
from ml.predictions.csv_output import CsvOutput
from ml.predictions.jsonl_output import JsonlOutput
from ml.predictions.parquet_output import ParquetOutput
from trainshed.specs.predict import OutputFormat


class Output(Protocol):
    """A file that is being written."""

    def write(self, columns: Columns) -> None:
        """Append the rows of a batch."""

    def close(self) -> None:
        """Write what was held back."""


@contextmanager
def opened_output(form: OutputFormat, path: Path, first: Columns) -> Iterator[Output]:
    """Open a file for batches with the columns of `first`, which is not written yet. It is whole after the block."""
    match form:
        case "parquet":
            output: Output = ParquetOutput(path, first)
            yield output
            output.close()
        case "csv" | "jsonl":
            with path.open("w", encoding="utf-8", newline="") as file:
                output = CsvOutput(file, first) if form == "csv" else JsonlOutput(file)
                yield output
                output.close()
        case _:
            assert_never(form)
