"""What shows only when data are divided as a job would: rows in two parts, and a column that tells the label alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ml.data import divide
from ml.data.files import DataSource
from ml.errors import InvalidData
from ml.profile.document import ProfileDocument
from ml.profile.findings import first_problems
from ml.tables import table_findings
from ml.tables.division import divide_table
from ml.tables.load import read_any
from ml.texts import TextSet, text_findings
from trainshed.specs import Clean, Columns, Data

_MOST_CELLS: Final = 5_000_000
"""Larger tables are read row by row and never held."""


def with_leaks(document: ProfileDocument, source: DataSource, data: Data) -> ProfileDocument:
    """Return the profile of a table with what a training on it would say, divided by `data.split`."""
    if document.rows * document.field_count > _MOST_CELLS:
        return _with(document, _counted_copies(document))
    try:
        table = read_any(source, data.columns or Columns(), Clean(unknown_labels="drop"))
        parts = divide_table(table, data.split)
    except InvalidData:  # it is no table to train on, and what keeps it from that is said of its columns
        return document
    return _with(document, table_findings(table, parts))


def _counted_copies(document: ProfileDocument) -> Iterable[str]:
    if count := document.copies_across_parts:
        yield f"{count:,} rows of later parts are in earlier ones, too: what is measured on them is too good"


def with_leaks_of_texts(document: ProfileDocument, texts: TextSet, data: Data) -> ProfileDocument:
    """Return the same of texts."""
    try:
        parts = divide(texts, data.split)
    except InvalidData:
        return document
    return _with(document, text_findings(texts, parts))


def _with(document: ProfileDocument, found: Iterable[str]) -> ProfileDocument:
    sentences = (f"{one[:1].upper()}{one[1:]}." for one in found)
    return document.model_copy(update={"problems": tuple(first_problems(iter((*document.problems, *sentences))))})
