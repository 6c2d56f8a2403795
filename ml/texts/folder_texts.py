"""A folder of .txt files for each class; folders `train`, `test` and `validation` around them where there are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from ml.data.about import read_about
from ml.data.files import DataSource
from ml.data.parts import ORDER, PARTS, PartName
from ml.data.tree import Entry, Tree
from ml.errors import InvalidData
from ml.tables.refusals import refuse_one_class
from ml.texts.text_set import TextSet

_ENDING: Final = ".txt"
_MAX_TEXT_BYTES: Final = 4 << 20
_REMEDY: Final = "Put .txt files in UTF-8 into a folder for each class, and maybe folders train and test around these."


def read_tree_texts(tree: Tree, source: DataSource) -> TextSet:
    """Read and check the files. Raises `InvalidData` that names the file and what to do."""
    about = read_about(tree)
    found = sorted(_found(tree), key=lambda each: ORDER.index(each[0]))
    names = tuple(sorted({name for part, name, _ in found if part == "train"}))
    if not names:
        raise InvalidData(
            f"{tree.source} holds {tree.listed()}: no text to train on.", remedy=_REMEDY, path=tree.source
        )
    unknown = next((entry for _, name, entry in found if name not in names), None)
    if unknown is not None:
        raise _refusal(tree, unknown, "is of a class that has no text to train on")
    labels = np.array([names.index(name) for _, name, _ in found], np.int64)
    refuse_one_class(labels, names, field="the folder", path=tree.source)
    counts = {part: sum(one == part for one, _, _ in found) for part in ORDER}
    before_test = counts["train"] + counts["validation"]
    return TextSet(
        source=source.name,
        texts=tuple(text_of(tree, entry) for _, _, entry in found),
        labels=labels,
        class_names=names,
        provenance=about.provenance or source.provenance,
        licence=about.licence or "not stated",
        synthetic=about.synthetic,
        format="texts",
        own_validation_from=counts["train"] if counts["validation"] else None,
        own_test_from=before_test if counts["test"] else None,
    )


def has_texts(tree: Tree) -> bool:
    """Whether a file in a folder of the tree is a text by its name."""
    return any("/" in name for name in text_files(tree))


def text_files(tree: Tree) -> list[str]:
    """Return the names of all files that are texts by their name, in order."""
    return sorted(name for name in tree.files if name.lower().endswith(_ENDING))


def text_of(tree: Tree, entry: Entry) -> str:
    """Return what a file says. Raises `InvalidData` for one that is too large, not UTF-8, or empty."""
    if entry.size > _MAX_TEXT_BYTES:
        raise _refusal(tree, entry, f"has {entry.size:,} bytes, and {_MAX_TEXT_BYTES:,} is the limit")
    try:
        text = entry.beginning(_MAX_TEXT_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refusal(tree, entry, f"is not UTF-8: {error.reason}") from error
    if not text.strip():
        raise _refusal(tree, entry, "has no text")
    return text


def _found(tree: Tree) -> Iterator[tuple[PartName, str, Entry]]:
    """Yield part, class and file of each text."""
    entries = [entry for entry in tree.files.values() if "/" in entry.name]
    tops = {entry.name.split("/")[0].lower() for entry in entries}
    is_divided = "train" in {PARTS.get(top) for top in tops} and all(top in PARTS for top in tops)
    for entry in entries:
        folders = entry.name.split("/")[:-1]
        if len(folders) != (2 if is_divided else 1):
            raise _refusal(tree, entry, "does not lie in the folder of a class")
        if not entry.name.lower().endswith(_ENDING):
            raise _refusal(tree, entry, "is no .txt file")
        yield PARTS[folders[0].lower()] if is_divided else "train", folders[-1], entry


def _refusal(tree: Tree, entry: Entry, problem: str) -> InvalidData:
    return InvalidData(f"{tree.place(entry.name)} {problem}.", remedy=_REMEDY, path=tree.source, field=entry.name)
