"""Opens a folder, a tar or a zip archive as a tree of files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ml.data.files import DataSource
from ml.data.folders import folder_tree
from ml.data.kinds import Kind, kind_of
from ml.data.tars import tar_tree
from ml.data.tree import Tree
from ml.data.zips import opened_zip, zip_tree


@contextmanager
def opened_tree(source: DataSource) -> Iterator[Tree | None]:
    """Yield its files; they are there until the end of the block. None: it is one file. Raises `InvalidData`."""
    match kind_of(source):
        case Kind.FOLDER:
            yield folder_tree(source.file, source.name)
        case Kind.TAR:
            with tar_tree(source) as tree:
                yield tree
        case Kind.ZIP:
            with opened_zip(source) as archive:
                yield zip_tree(archive, source.name)
        case _:
            yield None
