"""Texts that are to be answered: a column of a table, or .txt files in folders of any kind. No label is needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from ml.data.asked_rows import AskedRows, count_rows, refuse_empty
from ml.data.files import DataSource, find_file
from ml.data.opening import opened_tree
from ml.data.questions import Asked, Questions, Rows, of_arrays
from ml.data.rows import holds_rows
from ml.errors import InvalidData
from ml.job import DataFile
from ml.tables.refusals import refuse_cleaning
from ml.texts.csv_texts import USUAL_NAMES
from ml.texts.folder_texts import text_files, text_of
from ml.texts.load import load_texts
from ml.texts.preparation import PreparesTexts, encode_for
from trainshed.specs import Data

_FILE: Final = "file"
"""The column of names of files."""


def ask_texts(
    data: Data,
    card: PreparesTexts,
    *,
    column: str,
    keep: Sequence[str],
    chosen: Rows | None,
    roots: tuple[Path, ...],
    files: Mapping[str, DataFile],
) -> Questions:
    """Return the texts `chosen` (ascending; None: all). `column` is what their column was called in training.

    Raises `InvalidData`.
    """
    if chosen is None:  # all rows are answered
        refuse_cleaning(data.clean, data.path or data.dataset or "")
    source = find_file(data, roots=roots, files=files)
    if source is not None and holds_rows(source):
        return _of_table(count_rows(source), data, card, column, keep, chosen)
    if keep:
        raise InvalidData(
            f"keep names {keep[0]!r}, and {data.path or data.dataset} has no columns.",
            remedy="Leave keep out: the column `file` names the file of each text.",
            field="keep",
        )
    if source is None or chosen is not None:
        return _of_labelled(data, card, chosen, roots=roots, files=files)
    return _of_files(source, card)


def _of_table(
    table: AskedRows, data: Data, card: PreparesTexts, column: str, keep: Sequence[str], chosen: Rows | None
) -> Questions:
    table.refuse_missing(keep, why="keep names", field="keep")
    place = _text_column(table, data, column, keep)
    wanted = tuple(dict.fromkeys((place, *keep)))

    def read(size: int) -> Iterator[Asked]:
        for rows, texts in table.batches(wanted, size, chosen=chosen):
            refuse_empty(texts[place], rows, place, table.source.name)
            yield Asked(rows, encode_for(card, texts[place]), {name: texts[name] for name in keep})

    return Questions(table.source.name, table.count if chosen is None else len(chosen), read)


def _text_column(table: AskedRows, data: Data, trained: str, keep: Sequence[str]) -> str:
    named = data.columns.text if data.columns else None
    if named is not None:
        table.refuse_missing([named], why="data.columns.text names", field="data.columns.text")
        return named
    if trained in table.names:
        return trained
    usual = [name for name in table.names if name.lower() in USUAL_NAMES]
    left = [name for name in table.names if name not in keep and name.lower() not in {"label", "y", "split"}]
    found = usual or left
    if len(found) != 1:
        raise InvalidData(
            f"{table.source.name}: which column holds the texts is not clear; it has {', '.join(table.names[:50])}.",
            remedy="Name it with data.columns.text.",
            path=table.source.name,
            field="data.columns.text",
        )
    return found[0]


def _of_labelled(
    data: Data, card: PreparesTexts, chosen: Rows | None, *, roots: tuple[Path, ...], files: Mapping[str, DataFile]
) -> Questions:
    texts = load_texts(data, roots=roots, files=files)
    rows = np.arange(len(texts.texts), dtype=np.int64) if chosen is None else chosen
    return of_arrays(
        texts.source,
        rows,
        lambda some: encode_for(card, [texts.texts[row] for row in some]),
        lambda _: {},
    )


def _of_files(source: DataSource, card: PreparesTexts) -> Questions:
    with opened_tree(source) as tree:
        names = text_files(tree) if tree is not None else []
    if not names:
        raise InvalidData(
            f"{source.name} holds no .txt file.",
            remedy="Give a .csv file with a column of texts, or a folder of .txt files.",
            path=source.name,
        )

    def read(size: int) -> Iterator[Asked]:
        with opened_tree(source) as tree:
            assert tree is not None
            for start in range(0, len(names), size):
                some = names[start : start + size]
                rows = np.arange(start, start + len(some), dtype=np.int64)
                yield Asked(rows, encode_for(card, [text_of(tree, tree.files[name]) for name in some]), {_FILE: some})

    return Questions(source.name, len(names), read)
