"""From `data:` of a spec to a checked `Table`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeVar

from ml.data.builtin import load_known
from ml.data.files import DataSource, find_file
from ml.data.kinds import kind_of
from ml.data.rows import holds_rows
from ml.errors import InvalidData
from ml.job import DataFile
from ml.tables import breast_cancer, diabetes, flchain
from ml.tables.csv_table import read_csv
from ml.tables.quantities import has_quantities, read_quantity_csv
from ml.tables.refusals import refuse_cleaning
from ml.tables.sheet import read_sheet
from ml.tables.table import AnyTable, QuantityTable, Table
from trainshed.specs import Clean, Columns, Data

BUILTIN_TABLES: Final[dict[str, Callable[[], Table]]] = {
    breast_cancer.SOURCE: breast_cancer.load,
    flchain.SOURCE: flchain.load,
}
BUILTIN_QUANTITIES: Final[dict[str, Callable[[], QuantityTable]]] = {diabetes.SOURCE: diabetes.load}
_T = TypeVar("_T", bound=AnyTable)
_ACCEPTED: Final = "a table: .csv, .tsv, .jsonl, each of them .gz too, or .parquet"
_OR_YOURS: Final = f"or upload one; or give data.path: {_ACCEPTED}."


def load_table(data: Data, *, roots: tuple[Path, ...], files: Mapping[str, DataFile]) -> Table:
    """Read and check the table that `data` names: a path only if it lies below one of `roots`. Raises `InvalidData`."""
    return _loaded(data, BUILTIN_TABLES, read_csv, roots=roots, files=files)


def load_quantities(data: Data, *, roots: tuple[Path, ...], files: Mapping[str, DataFile]) -> QuantityTable:
    """Read and check a table with a quantity to predict. Raises `InvalidData`."""
    return _loaded(data, BUILTIN_QUANTITIES, read_quantity_csv, roots=roots, files=files)


def load_any(data: Data, *, roots: tuple[Path, ...], files: Mapping[str, DataFile]) -> AnyTable:
    """Read and check a table whatever its label is: classes, or a quantity where that is what it looks like.

    Raises `InvalidData`.
    """
    if data.dataset in BUILTIN_QUANTITIES:
        return load_quantities(data, roots=roots, files=files)
    if data.dataset in BUILTIN_TABLES:
        return load_table(data, roots=roots, files=files)
    return _loaded(data, BUILTIN_TABLES, read_any, roots=roots, files=files)


def read_any(source: DataSource, columns: Columns, clean: Clean) -> AnyTable:
    """Read a file with classes, or with quantities where its label looks like that. Raises `InvalidData`."""
    if has_quantities(read_sheet(source, columns)):
        return read_quantity_csv(source, columns, clean)
    return read_csv(source, columns, clean)


def load_shipped(name: str) -> AnyTable:
    """Return a table that comes with Trainshed, whatever its label is. Raises `InvalidData`."""
    shipped: dict[str, Callable[[], AnyTable]] = {**BUILTIN_TABLES, **BUILTIN_QUANTITIES}
    return load_known(name, shipped, what="table", remedy=_OR_YOURS)


def _loaded(
    data: Data,
    builtin: Mapping[str, Callable[[], _T]],
    read: Callable[[DataSource, Columns, Clean], _T],
    *,
    roots: tuple[Path, ...],
    files: Mapping[str, DataFile],
) -> _T:
    columns = data.columns or Columns()
    source = find_file(data, roots=roots, files=files)
    if source is None:
        refuse_cleaning(data.clean, data.dataset or "")
        return _chosen(load_known(data.dataset or "", builtin, what="table", remedy=_OR_YOURS), columns)
    refuse_other_kinds(source)
    return read(source, columns, data.clean)


def _chosen(table: _T, columns: Columns) -> _T:
    """Return a built-in table without the columns to ignore; what else is said of its columns must be true of it."""
    names = [column.name for column in table.columns]
    wrong = [name for name in columns.ignore if name not in names]
    if columns.label not in (None, table.label):
        wrong.append(columns.label or "")
    if wrong or columns.categories:
        said = (*wrong, *columns.categories)[0]
        raise InvalidData(
            f"{table.source} has the label {table.label} and columns of numbers, and data.columns names {said!r}.",
            remedy=f"Only `ignore` makes sense here; the columns are {', '.join(names)}.",
            field="data.columns",
        )
    if not columns.ignore:
        return table
    return replace(table, columns=tuple(one for one in table.columns if one.name not in columns.ignore), digest="")


def refuse_other_kinds(source: DataSource) -> None:
    """Raise `InvalidData` for a file that is no table."""
    kind = kind_of(source)
    if source.is_decoded or not holds_rows(source):
        raise InvalidData(
            f"{source.name} is {kind}, and this family takes a table.",
            remedy=f"Accepted is {_ACCEPTED}.",
            path=source.name,
            field="model.family",
        )
