"""Rows of a .parquet file, read batch by batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any, Final

from ml.data.files import DataSource
from ml.data.records import MAX_COLUMNS, Records
from ml.errors import InvalidData

_ROWS_AT_ONCE: Final = 4096
_LONGEST_NAME: Final = 1 << 20


@contextmanager
def parquet_records(source: DataSource) -> Iterator[Records]:
    """Open the file. Whatever is wrong with it until the end of the block becomes `InvalidData`."""
    import pyarrow as pa  # noqa: PLC0415  it costs 50 ms and 30 MB, which other formats need not pay
    from pyarrow import parquet  # noqa: PLC0415

    try:
        with parquet.ParquetFile(
            source.file, thrift_string_size_limit=_LONGEST_NAME, thrift_container_size_limit=MAX_COLUMNS * 16
        ) as file:
            _refuse_nested(file.schema_arrow, source.name)
            yield Records(tuple(file.schema_arrow.names), _rows(file))
    except (pa.ArrowException, OSError) as error:
        raise InvalidData(
            f"{source.name} cannot be read: {str(error).splitlines()[0]}.",
            remedy="Write it again as Parquet, or as .csv.",
            path=source.name,
        ) from error


def _refuse_nested(schema: Any, path: str) -> None:
    from pyarrow import types  # noqa: PLC0415

    for column in schema:
        kind = column.type.value_type if types.is_dictionary(column.type) else column.type
        if types.is_nested(kind) or types.is_binary(kind) or types.is_large_binary(kind):
            raise InvalidData(
                f"{path}: the column {column.name} is of {column.type}.",
                remedy="Columns hold numbers, texts, dates or true and false; give each part of a list its own column.",
                path=path,
                field=column.name,
            )


def _rows(file: Any) -> Iterator[Sequence[str]]:
    for batch in file.iter_batches(batch_size=_ROWS_AT_ONCE, use_threads=False):
        columns = [[_as_field(value) for value in _coarse(column).to_pylist()] for column in batch.columns]
        yield from zip(*columns, strict=True)


def _coarse(column: Any) -> Any:
    """Return times in microseconds, the finest that Python has."""
    import pyarrow as pa  # noqa: PLC0415

    is_fine = pa.types.is_timestamp(column.type) and column.type.unit == "ns"
    return column.cast(pa.timestamp("us", column.type.tz), safe=False) if is_fine else column


def _as_field(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case float():
            return repr(value)
        case date():
            return value.isoformat()
        case _:
            return str(value)
