"""A file of rows in whichever format it is in."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Final

from ml.data.csv_rows import csv_records
from ml.data.files import DataSource
from ml.data.json_rows import json_records
from ml.data.kinds import Kind
from ml.data.parquet_rows import parquet_records
from ml.data.records import Records

TABLES: Final[dict[Kind, Callable[[DataSource], AbstractContextManager[Records]]]] = {
    Kind.TEXT: csv_records,
    Kind.JSON: json_records,
    Kind.PARQUET: parquet_records,
}
"""The kinds of files that hold rows, and what opens each. Whatever is wrong with one becomes `InvalidData`."""
