"""What is refused of a table, each with its place, its value and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from ml.data import Labels
from ml.data.fields import is_missing
from ml.data.leaks import telling_column
from ml.data.naming import NO_NAMES
from ml.errors import InvalidData
from trainshed.specs import Clean, Columns

MOST_CATEGORIES: Final = 1000
"""Different values of a column of categories: each becomes a number for the network."""


def refuse_clean(clean: Clean) -> None:
    """Refuse what cleans images: silently it would do nothing."""
    for name in ("corrupt", "mismatched", "constant"):
        if getattr(clean, name) != Clean.model_fields[name].default:
            raise InvalidData(
                f"data.clean.{name} is {getattr(clean, name)}, and it is for images.",
                remedy="Of tables and texts there are data.clean.duplicates and data.clean.unknown_labels; steps of"
                " preprocess do the rest.",
                field=f"data.clean.{name}",
            )


def refuse_cleaning(clean: Clean, source: str) -> None:
    """Refuse all cleaning of data that has no rows of its own to leave out."""
    if clean != Clean():
        raise InvalidData(
            f"data.clean is {clean.model_dump_json()}, and {source} is taken as it is.",
            remedy="Leave data.clean out.",
            field="data.clean",
        )


def refuse_unknown_names(columns: Columns, names: Sequence[str], path: str) -> None:
    """Raise `InvalidData` for a column that `data.columns` names and the file has not."""
    for field, named in (
        ("label", (columns.label,) if columns.label else ()),
        ("text", (columns.text,) if columns.text else ()),
        ("time", (columns.time,) if columns.time else ()),
        ("series", (columns.series,) if columns.series else ()),
        ("user", (columns.user,) if columns.user else ()),
        ("item", (columns.item,) if columns.item else ()),
        ("source", (columns.source,) if columns.source else ()),
        ("target", (columns.target,) if columns.target else ()),
        ("split", (columns.split,) if columns.split else ()),
        ("ignore", columns.ignore),
        ("categories", columns.categories),
    ):
        for name in named:
            if name not in names:
                raise InvalidData(
                    f"{path} has no column {name!r}, which data.columns.{field} names.",
                    remedy=f"Its columns are {', '.join(names[:50])}. {NO_NAMES}",
                    path=path,
                    field=f"data.columns.{field}",
                )


def refuse_too_many(name: str, different: int, path: str) -> None:
    """Raise `InvalidData` for a column of texts that is no category."""
    if different > MOST_CATEGORIES:
        raise InvalidData(
            f"{path}: the column {name} holds {different:,} different texts, and {MOST_CATEGORIES:,} categories are the"
            " limit.",
            remedy="A name or an identifier says nothing of new rows: put the column into data.columns.ignore. For"
            " others there are the steps limit_categories, hashing and, for dates, calendar.",
            path=path,
            field=name,
        )


class WithLabels(Protocol):
    """A table as it is written."""

    @property
    def path(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def label_texts(self) -> list[str]: ...
    @property
    def rows(self) -> npt.NDArray[np.int64]: ...


def refuse_missing_label(sheet: WithLabels) -> None:
    """Raise `InvalidData` for a row without what is to be learned."""
    missing = next((row for row, text in enumerate(sheet.label_texts) if is_missing(text)), None)
    if missing is not None:
        row = int(sheet.rows[missing])
        raise InvalidData(
            f"{sheet.path}: {sheet.label} of row {row} is missing.",
            remedy="Each row needs a label; fill it in, remove the row, or set data.clean.unknown_labels to drop.",
            path=sheet.path,
            row=row,
            field=sheet.label,
        )


def refuse_one_class(labels: Labels, class_names: Sequence[str], *, field: str, path: str) -> None:
    """Raise `InvalidData` for fewer than two classes."""
    if len(class_names) < 2:
        raise InvalidData(
            f"{path}: {field} is {class_names[0]} in all {len(labels):,} rows.",
            remedy="A classifier needs examples of at least two classes; data.columns.label names the column.",
            path=path,
            field=field,
        )


def refuse_leak(
    matrix: npt.NDArray[np.float64], labels: Labels, names: Sequence[str], *, label: str, path: str
) -> None:
    """Raise `InvalidData` for a column that is the label once more."""
    column = telling_column(matrix, labels)
    if column is not None:
        raise InvalidData(
            f"{path}: the column {names[column]} tells the label in all of the {len(labels):,} rows: it is {label} once"
            " more.",
            remedy="Put it into data.columns.ignore, or a model learns to copy it, and nothing else.",
            path=path,
            field=names[column],
        )
