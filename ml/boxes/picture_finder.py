"""Finds the picture that an annotation names, in a tree that may be laid out in several ways."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Final

from ml.boxes.annotated import is_picture_name, refusal
from ml.data.tree import Entry, Tree, shown
from ml.errors import InvalidData

_REMEDY: Final = "Put it there, or take out what is said of it; names are relative, and letters count as they are."


class PictureFinder:
    """The pictures of a tree by their names."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._by_basename: dict[str, list[Entry]] = defaultdict(list)
        for entry in tree.files.values():
            if is_picture_name(entry.name):
                self._by_basename[entry.basename].append(entry)

    def find(self, named: str, *, said_in: str, folders: Sequence[str]) -> Entry:
        """Return the picture `named`, below the first of `folders` that has it, or the only one of that name.

        Raises `InvalidData` for a name that leads out, for none, and for several.
        """
        path = PurePosixPath(named.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or not path.name:
            raise self._refusal(said_in, f"names the picture {shown(named)}, which leads out of the data")
        for folder in folders:
            entry = self._tree.files.get(str(PurePosixPath(folder) / path))
            if entry is not None:
                return entry
        same = self._by_basename[path.name]
        if not same:
            raise self._refusal(said_in, f"names the picture {shown(named)}, which is not there")
        if len(same) > 1:
            raise self._refusal(said_in, f"names the picture {shown(named)}, and {len(same)} have that name")
        return same[0]

    def _refusal(self, said_in: str, problem: str) -> InvalidData:
        return refusal(self._tree, said_in, problem, _REMEDY)
