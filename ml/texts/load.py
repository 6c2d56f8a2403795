"""From `data:` of a spec to checked texts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ml.data.files import DataSource, find_file
from ml.data.kinds import Kind, kind_of
from ml.data.opening import opened_tree
from ml.data.rows import holds_rows
from ml.errors import InvalidData
from ml.job import DataFile
from ml.tables.refusals import refuse_cleaning
from ml.texts.csv_texts import read_csv_texts
from ml.texts.folder_texts import has_texts, read_tree_texts
from ml.texts.text_set import TextSet
from trainshed.specs import Columns, Data

_ACCEPTED: Final = (
    "a table (.csv, .tsv, .jsonl or .parquet) with a column of texts and one of classes, or a folder of .txt files for"
    " each class"
)


def load_texts(data: Data, *, roots: tuple[Path, ...], files: Mapping[str, DataFile]) -> TextSet:
    """Read and check the texts that `data` names: a path only if it lies below one of `roots`. Raises `InvalidData`."""
    source = find_file(data, roots=roots, files=files)
    if source is None:
        raise InvalidData(
            f"There are no texts {data.dataset!r}.",
            remedy=f"Upload them, or give data.path: {_ACCEPTED}.",
            field="data.dataset",
        )
    if holds_rows(source):
        return read_csv_texts(source, data.columns or Columns(), data.clean)
    refuse_cleaning(data.clean, source.name)
    with opened_tree(source) as tree:
        if tree is None:
            raise _refusal(source, kind_of(source))
        return read_tree_texts(tree, source)


def texts_in_folders(source: DataSource) -> TextSet | None:
    """Return the texts of a folder or an archive; None for one that has none. Raises `InvalidData` for broken ones."""
    with opened_tree(source) as tree:
        return read_tree_texts(tree, source) if tree is not None and has_texts(tree) else None


def _refusal(source: DataSource, kind: Kind) -> InvalidData:
    return InvalidData(
        f"{source.name} is {kind}, and this family takes texts.",
        remedy=f"Accepted is {_ACCEPTED}.",
        path=source.name,
        field="model.family",
    )
