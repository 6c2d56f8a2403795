"""A table in memory, with the facts that go on a model's card."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ml.data import Labels
from ml.data.held_out_last import HeldOutLast


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """A column of numbers; NaN where one is missing."""

    name: str
    values: npt.NDArray[np.float64]
    """Shape (rows,); finite or NaN."""
    is_scaled: bool = False
    """Whether a step has brought it to a scale: a network takes it as it is."""

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True, slots=True, eq=False)
class Categories:
    """A column of categories."""

    name: str
    codes: npt.NDArray[np.int64]
    """Shape (rows,): the place of each in `names`, or -1 where it is missing."""
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.codes)


Column = Numbers | Categories


@dataclass(frozen=True, slots=True, eq=False)
class Table(HeldOutLast):
    """A checked table: at least one column beside the label, and at least two classes. It is a `Labelled`."""

    source: str
    """As the spec names it."""
    columns: tuple[Column, ...]
    labels: Labels
    class_names: tuple[str, ...]
    label: str
    """What the column of labels is called."""
    provenance: str
    licence: str
    synthetic: bool = False
    format: str = "builtin"
    dropped: Mapping[str, int] = field(default_factory=dict)
    own_validation_from: int | None = None
    own_test_from: int | None = None
    file_rows: npt.NDArray[np.int64] | None = None
    """Shape (rows,): where each row is in the file. None: at its place."""
    digest: str = ""
    """SHA-256 of the content, in hexadecimal; reckoned where it is not given."""

    def __post_init__(self) -> None:
        if not self.digest:
            object.__setattr__(self, "digest", _content_digest(self))

    def as_matrix(self) -> npt.NDArray[np.float64]:
        """Return (rows, columns): numbers as they are, categories as their codes, NaN for what is missing."""
        return matrix_of(self.columns)


@dataclass(frozen=True, slots=True, eq=False)
class QuantityTable(HeldOutLast):
    """A checked table with a quantity in each row that is to be predicted. It is a `Described`."""

    source: str
    """As the spec names it."""
    columns: tuple[Column, ...]
    quantities: npt.NDArray[np.float64]
    """Shape (rows,), finite; they are not all the same."""
    label: str
    """What the column of quantities is called."""
    provenance: str
    licence: str
    synthetic: bool = False
    format: str = "builtin"
    dropped: Mapping[str, int] = field(default_factory=dict)
    own_validation_from: int | None = None
    own_test_from: int | None = None
    file_rows: npt.NDArray[np.int64] | None = None
    """Shape (rows,): where each row is in the file. None: at its place."""
    digest: str = ""
    """SHA-256 of the content, in hexadecimal; reckoned where it is not given."""

    def __post_init__(self) -> None:
        if not self.digest:
            digest = hashlib.sha256(repr(self.label).encode())
            _update(digest, self.columns, len(self.quantities))
            _update_parts(digest, self)
            digest.update(self.quantities.astype("<f8").tobytes())
            object.__setattr__(self, "digest", digest.hexdigest())

    def as_matrix(self) -> npt.NDArray[np.float64]:
        """Return (rows, columns), as of a `Table`."""
        return matrix_of(self.columns)


AnyTable = Table | QuantityTable


def matrix_of(columns: Sequence[Column]) -> npt.NDArray[np.float64]:
    """Return (rows, columns): numbers as they are, categories as their codes, NaN for what is missing."""
    return np.stack([_as_numbers(column) for column in columns], axis=1)


def texts_of(column: Column, rows: npt.NDArray[np.int64] | None = None) -> list[str]:
    """Return the values in some rows (None: all) as a file has them: nothing where one is missing."""
    some = slice(None) if rows is None else rows
    if isinstance(column, Categories):
        return ["" if code < 0 else column.names[code] for code in column.codes[some]]
    return ["" if np.isnan(value) else repr(float(value)) for value in column.values[some]]


def _as_numbers(column: Column) -> npt.NDArray[np.float64]:
    if isinstance(column, Numbers):
        return column.values
    return np.where(column.codes < 0, np.nan, column.codes.astype(np.float64))


def _content_digest(table: Table) -> str:
    digest = hashlib.sha256(repr((table.label, table.class_names)).encode())
    _update(digest, table.columns, len(table.labels))
    _update_parts(digest, table)
    digest.update(table.labels.astype("<i8").tobytes())
    return digest.hexdigest()


def _update_parts(digest: hashlib._Hash, table: AnyTable) -> None:
    parts = (table.own_validation_from, table.own_test_from)
    if parts != (None, None):
        digest.update(repr(parts).encode())


def _update(digest: hashlib._Hash, columns: Sequence[Column], rows: int) -> None:
    for column in columns:
        names = column.names if isinstance(column, Categories) else None
        digest.update(repr((column.name, names, rows)).encode())
        digest.update(_as_numbers(column).astype("<f8").tobytes())
