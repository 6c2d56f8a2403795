"""A .csv file with a column of texts and one of classes."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Final

from ml.data.fields import is_missing
from ml.data.files import DataSource
from ml.data.naming import NO_NAMES
from ml.errors import InvalidData
from ml.tables.csv_table import read_labels
from ml.tables.refusals import refuse_one_class
from ml.tables.sheet import Sheet, cleaned, read_sheet
from ml.texts.text_set import TextSet
from trainshed.specs import Clean, Columns

USUAL_NAMES: Final = ("text", "sentence", "review")


def read_csv_texts(source: DataSource, columns: Columns, clean: Clean) -> TextSet:
    """Read and check the file. Raises `InvalidData` that names file, row and column."""
    sheet = read_sheet(source, columns)
    place = _text_column(sheet, columns)
    sheet = cleaned(sheet, clean, considered=[place])
    labels, class_names = read_labels(sheet)
    refuse_one_class(labels, class_names, field=sheet.label, path=sheet.path)
    texts = sheet.texts[place]
    empty = next((row for row, text in enumerate(texts) if is_missing(text)), None)
    if empty is not None:
        raise InvalidData(
            f"{sheet.path}: {sheet.names[place]} of row {sheet.rows[empty]} has no text.",
            remedy="Each row needs a text; remove the row.",
            path=sheet.path,
            row=int(sheet.rows[empty]),
            field=sheet.names[place],
        )
    return TextSet(
        source=source.name,
        texts=tuple(texts),
        labels=labels,
        class_names=class_names,
        provenance=source.provenance,
        licence="not stated",
        format=sheet.format,
        column=sheet.names[place],
        **sheet.facts(),
    )


def write_csv_texts(texts: TextSet, path: Path) -> None:
    """Write a column of texts and one of labels."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        writer.writerows(
            (text, texts.class_names[label]) for text, label in zip(texts.texts, texts.labels, strict=True)
        )


def _text_column(sheet: Sheet, columns: Columns) -> int:
    if columns.text is not None and columns.text != sheet.label:
        return sheet.names.index(columns.text)
    others = [place for place in range(len(sheet.names)) if place != sheet.place]
    named = [place for place in others if sheet.names[place].lower() in USUAL_NAMES]
    found = named if columns.text is None and named else others
    if len(found) != 1 or columns.text is not None:
        raise InvalidData(
            f"{sheet.path}: which column holds the texts is not clear; it has {', '.join(sheet.names[:50])}, and"
            f" {sheet.label} is the label.",
            remedy=f"Name it with data.columns.text, and the label with data.columns.label. {NO_NAMES}",
            path=sheet.path,
            field="data.columns.text",
        )
    return found[0]
