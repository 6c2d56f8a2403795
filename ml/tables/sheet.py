"""A table as it is written: the texts of each column, which of them is to be learned, and which part a row is of.

Rows of the train part come first, then those of validation, then those of test, where the data says so itself; `rows`
says where each is in the file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ml.data.copies import needless_copies
from ml.data.fields import is_missing
from ml.data.files import DataSource
from ml.data.parts import ORDER, PARTS, SPLIT
from ml.data.rows import Rows as OpenedRows
from ml.data.rows import opened_rows
from ml.errors import InvalidData
from ml.tables.refusals import refuse_clean, refuse_unknown_names
from trainshed.specs import Clean, Columns

Rows = npt.NDArray[np.int64]
_MOST_CELLS: Final = 20_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """What a file holds. The column of parts is none of its columns."""

    path: str
    format: str
    names: tuple[str, ...]
    texts: list[list[str]]
    place: int
    rows: Rows
    """Of each row its number in the file, from 0."""
    validation_from: int | None = None
    """The first row of the data's own validation part."""
    test_from: int | None = None
    dropped: Mapping[str, int] = field(default_factory=dict)
    """Rows that cleaning took out, by why."""

    @property
    def label(self) -> str:
        return self.names[self.place]

    @property
    def label_texts(self) -> list[str]:
        return self.texts[self.place]

    def facts(self) -> dict[str, Any]:
        """Return the fields that whatever is read from the sheet has."""
        return {
            "own_validation_from": self.validation_from,
            "own_test_from": self.test_from,
            "dropped": self.dropped,
            "file_rows": self.rows,
        }


def read_sheet(source: DataSource, columns: Columns) -> Sheet:
    """Read the file. Raises `InvalidData` for one that is no table, or that has not the columns that are named."""
    with opened_rows(source) as rows:
        refuse_unknown_names(columns, rows.names, source.name)
        texts = _texts(rows, source.name)
    place = rows.label if columns.label is None else rows.names.index(columns.label)
    sheet = Sheet(source.name, rows.format, rows.names, texts, place, np.arange(len(texts[0]), dtype=np.int64))
    split = _split_column(sheet, columns)
    return sheet if split is None else _divided(sheet, split, is_label_named=columns.label is not None)


def refuse_own_parts(sheet: Sheet) -> None:
    """Raise `InvalidData` for rows that say which part they are of, to a family that divides them itself."""
    if sheet.validation_from is not None or sheet.test_from is not None:
        raise InvalidData(
            f"{sheet.path} has a column that tells the part of each row, and this family divides rows itself.",
            remedy="Leave the column out, or give it another name.",
            path=sheet.path,
            field="data.columns.split",
        )


def cleaned(sheet: Sheet, clean: Clean, *, considered: Sequence[int]) -> Sheet:
    """Return the sheet without what `clean` drops; copies are told by the columns `considered` and the label.

    Raises `InvalidData` for what is said of images, and where no row is left.
    """
    refuse_clean(clean)
    dropped: Counter[str] = Counter()
    if clean.unknown_labels == "drop":
        there = np.array([not is_missing(text) for text in sheet.label_texts], np.bool_)
        sheet = _counted(sheet, there, "unlabelled", dropped)
    if clean.duplicates == "drop":
        first = _first_equal(sheet, [*considered, sheet.place])
        held_out_from = sheet.test_from if sheet.validation_from is None else sheet.validation_from
        needless = needless_copies(first, np.ones(len(first), np.bool_), held_out_from=held_out_from)
        sheet = _counted(sheet, ~needless, "duplicates", dropped)
    return replace(sheet, dropped=dict(dropped))


def _texts(rows: OpenedRows, path: str) -> list[list[str]]:
    """Return the fields of each column. Equal texts are one object, which keeps categories small."""
    known: dict[str, str] = {}
    texts: list[list[str]] = [[] for _ in rows.names]
    for number, row in rows.numbered:
        if (number + 1) * len(row) > _MOST_CELLS:
            raise InvalidData(
                f"{path} has more than {_MOST_CELLS:,} fields.", remedy="Use fewer rows or columns.", path=path
            )
        for column, text in zip(texts, row, strict=True):
            stripped = text.strip()
            column.append(known.setdefault(stripped, stripped))
    if not texts[0]:
        raise InvalidData(f"{path} has no rows.", remedy="Give at least one row of each class.", path=path)
    return texts


def _split_column(sheet: Sheet, columns: Columns) -> int | None:
    """Return the column that says which part a row is of: the one that is named, or `split` if it says nothing else."""
    if columns.split is not None:
        place = sheet.names.index(columns.split)
        _refuse_other_parts(sheet, place)
        return place
    usual = [at for at, name in enumerate(sheet.names) if name.lower() == SPLIT and name != columns.label]
    return usual[0] if usual and all(text.lower() in PARTS for text in sheet.texts[usual[0]]) else None


def _refuse_other_parts(sheet: Sheet, place: int) -> None:
    wrong = next((row for row, text in enumerate(sheet.texts[place]) if text.lower() not in PARTS), None)
    if wrong is not None:
        raise InvalidData(
            f"{sheet.path}: {sheet.names[place]} of row {wrong} is {sheet.texts[place][wrong][:40]!r}, and"
            " data.columns.split names that column.",
            remedy="It must say train, validation or test in each row.",
            path=sheet.path,
            row=wrong,
            field=sheet.names[place],
        )


def _divided(sheet: Sheet, split: int, *, is_label_named: bool) -> Sheet:
    """Return the sheet in the order of its parts, without the column that says them."""
    codes = np.array([ORDER.index(PARTS[text.lower()]) for text in sheet.texts[split]], np.int64)
    if not np.any(codes == 0):
        raise InvalidData(
            f"{sheet.path}: {sheet.names[split]} says train in no row.",
            remedy="There is nothing to train on; name another column with data.columns.split.",
            path=sheet.path,
            field=sheet.names[split],
        )
    order = np.argsort(codes, kind="stable")
    begins = [int(np.searchsorted(codes[order], code)) if np.any(codes == code) else None for code in (1, 2)]
    left = [at for at in range(len(sheet.names)) if at != split]
    # Where the label is the last column by default, the last one but this is meant.
    label = sheet.place if is_label_named or sheet.place != split else left[-1]
    ordered = _taken(sheet, order)
    return replace(
        ordered,
        names=tuple(sheet.names[at] for at in left),
        texts=[ordered.texts[at] for at in left],
        place=left.index(label),
        validation_from=begins[0],
        test_from=begins[1],
    )


def _first_equal(sheet: Sheet, places: Sequence[int]) -> Rows:
    first: dict[tuple[str, ...], int] = {}
    rows = zip(*(sheet.texts[at] for at in places), strict=True)
    return np.array([first.setdefault(row, number) for number, row in enumerate(rows)], np.int64)


def _counted(sheet: Sheet, keep: npt.NDArray[np.bool_], why: str, dropped: Counter[str]) -> Sheet:
    count = int(np.count_nonzero(~keep))
    if not count:
        return sheet
    if not keep.any():
        raise InvalidData(
            f"{sheet.path}: data.clean leaves no row: all are {why}.",
            remedy="Name the column to learn with data.columns.label, or leave data.clean out.",
            path=sheet.path,
            field="data.clean",
        )
    dropped[why] += count
    return replace(
        _taken(sheet, np.flatnonzero(keep)),
        validation_from=_moved(sheet.validation_from, keep),
        test_from=_moved(sheet.test_from, keep),
    )


def _taken(sheet: Sheet, rows: Rows) -> Sheet:
    places = rows.tolist()
    texts = [[column[at] for at in places] for column in sheet.texts]
    return replace(sheet, texts=texts, rows=sheet.rows[rows])


def _moved(row: int | None, keep: npt.NDArray[np.bool_]) -> int | None:
    return None if row is None else int(np.count_nonzero(keep[:row]))
