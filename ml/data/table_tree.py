"""Several files of rows in a folder or an archive, read as one table. Names like `train.csv` and `test.csv` tell parts.

The rows come file by file, in the order of their names. Where files tell parts, one more column says for each row in
which it is.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Final

from ml.data.about import FILE_NAME as ABOUT
from ml.data.files import DataSource
from ml.data.kinds import kind_of
from ml.data.opening import opened_tree
from ml.data.parts import PARTS, SPLIT
from ml.data.records import Records
from ml.data.table_files import TABLES
from ml.data.tree import Tree
from ml.errors import InvalidData

_ENDINGS: Final = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet")
_BESIDE: Final = (".md", ".html", ".txt")
"""Files that may lie beside, and are not looked at."""


def is_table_tree(source: DataSource) -> bool:
    """Whether a folder or an archive holds files of rows, and nothing else that could be data."""
    with opened_tree(source) as tree:
        return tree is not None and holds_tables(tree)


def holds_tables(tree: Tree) -> bool:
    """Whether that is so of files that lie open."""
    others = [name for name in tree.files if not _is_table(name) and name != ABOUT]
    return bool(_files(tree)) and all(_is_beside(name) for name in others)


@contextmanager
def tree_records(source: DataSource) -> Iterator[Records]:
    """Open all files one after the other. Raises `InvalidData` for files whose columns differ."""
    with opened_tree(source) as tree, TemporaryDirectory() as folder:
        if tree is None or not (files := _files(tree)):
            raise InvalidData(f"{source.name} holds no table.", remedy="Put .csv files into it.", path=source.name)
        parts = _parts(files, tree)
        names = _names_of(tree, files[0], Path(folder))
        told = (SPLIT,) if parts else ()
        yield Records((*names, *told), _rows(tree, files, names, parts, Path(folder)))


def _files(tree: Tree) -> list[str]:
    return [name for name in tree.files if _is_table(name) and name != ABOUT]


def _is_table(name: str) -> bool:
    return name.lower().removesuffix(".gz").endswith(_ENDINGS)


def _is_beside(name: str) -> bool:
    return "/" not in name and name.lower().endswith(_BESIDE)


def _parts(files: Sequence[str], tree: Tree) -> dict[str, str]:
    """Return the part of each file; nothing where none says one."""
    found = {name: part for name in files if (part := _part_of(name)) is not None}
    unclear = next((name for name in files if name not in found), None)
    if found and unclear is not None:
        raise InvalidData(
            f"{tree.place(unclear)} says not to which part it belongs, and {tree.place(next(iter(found)))} does.",
            remedy="Let its name begin with train, validation or test, or put it into a folder of that name.",
            path=tree.source,
        )
    return found


def _part_of(name: str) -> str | None:
    path = PurePosixPath(name.lower())
    words = [*path.parts[:-1], *re.split(r"[^a-z]+", path.name)]
    return next((PARTS[word] for word in words if word in PARTS), None)


def _names_of(tree: Tree, name: str, folder: Path) -> tuple[str, ...]:
    with _opened(tree, name, folder) as records:
        return tuple(field.strip() for field in records.names)


def _rows(
    tree: Tree, files: Sequence[str], names: tuple[str, ...], parts: dict[str, str], folder: Path
) -> Iterator[Sequence[str]]:
    for name in files:
        with _opened(tree, name, folder) as records:
            places = _places(records, names, tree, name, files[0])
            told = [parts[name]] if parts else []
            for row in records.rows:
                whole = len(row) == len(names)  # the number of the row is told by whoever counts them
                yield [*(row[place] for place in places), *told] if whole else row


def _places(records: Records, names: Sequence[str], tree: Tree, name: str, first: str) -> list[int]:
    """Return where the columns of the first file are in another one."""
    found = [field.strip() for field in records.names]
    if found == list(names):
        return [*range(len(names))]
    missing = [one for one in names if one not in found]
    other = missing or [one for one in found if one not in names]
    if other or len(found) != len(names):
        has, lacks = (name, first) if not missing else (first, name)
        raise InvalidData(
            f"{tree.place(lacks)} has no column {(other or found)[0]!r}, which {tree.place(has)} has.",
            remedy="Give all files the same columns. Rows without a label are for a job of kind predict.",
            path=tree.source,
        )
    return [found.index(one) for one in names]


@contextmanager
def _opened(tree: Tree, name: str, folder: Path) -> Iterator[Records]:
    """Open a file by way of a copy: formats are told by bytes, and some are read from their end."""
    copy = folder / "table"
    with tree.files[name].opened() as stream, copy.open("wb") as file:
        shutil.copyfileobj(stream, file, 1 << 20)
    source = DataSource(tree.place(name), copy, PurePosixPath(name).name, "")
    kind = kind_of(source)
    if kind not in TABLES:
        raise InvalidData(
            f"{source.name} is {kind}, and no table.", remedy="Take it out, or put it elsewhere.", path=source.name
        )
    with TABLES[kind](source) as records:
        yield records
