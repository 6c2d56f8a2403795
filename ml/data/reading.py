"""Reads a file or a folder in whichever of the formats it is in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from ml.data import cifar_binary, npz, table
from ml.data.about import read_about
from ml.data.assembly import Described, assembled
from ml.data.dataset import Dataset
from ml.data.files import FORMATS, DataSource
from ml.data.folders import folder_tree
from ml.data.idx import idx_files, read_idx
from ml.data.kinds import Kind, kind_of
from ml.data.tars import tar_tree
from ml.data.tree import Entry, Tree
from ml.data.zips import opened_zip, zip_tree
from ml.errors import InvalidData
from trainshed.specs import Data


def read(source: DataSource, data: Data) -> Dataset:
    """Return the examples as they are, checked and not cleaned. Raises `InvalidData`."""
    match kind_of(source):
        case Kind.TEXT:
            return table.read(source, data.clean)
        case Kind.CIFAR_BINARY:
            tree = _alone(source)
            return _read_binary(tree, list(tree.files.values()), source, data)
        case Kind.FOLDER:
            return _read_tree(folder_tree(source.file, source.name), source, data)
        case Kind.TAR:
            with tar_tree(source) as tree:
                return _read_tree(tree, source, data)
        case Kind.ZIP:
            with opened_zip(source) as archive:
                if npz.is_npz(archive):
                    return npz.read(archive, source, data.clean)
                return _read_tree(zip_tree(archive, source.name), source, data)
        case unexpected:
            assert_never(unexpected)


def _alone(source: DataSource) -> Tree:
    entry = Entry(source.filename, source.file.stat().st_size, lambda: source.file.open("rb"))
    return Tree(source.name, {entry.name: entry})


def _read_tree(tree: Tree, source: DataSource, data: Data) -> Dataset:
    if not tree.files:
        raise InvalidData(f"{source.name} holds no files.", remedy=f"Accepted are {FORMATS}.", path=source.name)
    about = read_about(tree)
    if idx := idx_files(tree):
        return assembled(
            read_idx(tree, idx), source, clean=data.clean, described=Described("idx", about.classes or None, about)
        )
    if batches := cifar_binary.binary_batches(tree):
        return _read_binary(tree, batches, source, data)
    raise InvalidData(
        f"{source.name} holds {tree.listed()}: no format that is known here.",
        remedy=f"Accepted are {FORMATS}.",
        path=source.name,
    )


def _read_binary(tree: Tree, batches: Sequence[Entry], source: DataSource, data: Data) -> Dataset:
    described = Described("cifar10-binary", cifar_binary.binary_names(tree), read_about(tree))
    return assembled(cifar_binary.read_binary(tree, batches), source, clean=data.clean, described=described)
