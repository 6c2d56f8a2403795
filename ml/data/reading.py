"""Reads a file or a folder in whichever of the formats it is in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from ml.data import npz, table
from ml.data.about import read_about
from ml.data.assembly import Described, Part, assembled
from ml.data.cifar_binary import binary_batches, binary_names, read_binary
from ml.data.cifar_python import python_batches, python_names, read_python
from ml.data.dataset import Dataset
from ml.data.files import FORMATS, DataSource
from ml.data.folders import folder_tree
from ml.data.idx import idx_files, read_idx
from ml.data.kinds import Kind, kind_of
from ml.data.parts import PartName
from ml.data.pictures import has_pictures, read_pictures
from ml.data.table_tree import holds_tables
from ml.data.tars import tar_tree
from ml.data.tree import Entry, Tree
from ml.data.zips import opened_zip, zip_tree
from ml.errors import InvalidData
from trainshed.specs import Data


def read(source: DataSource, data: Data) -> Dataset:
    """Return the examples as they are, checked and not cleaned. Raises `InvalidData`."""
    dataset = _read(source, data)
    if data.images is not None and dataset.format != "pictures":
        raise InvalidData(
            f"{source.name} is {dataset.format}, and data.images says how picture files are decoded.",
            remedy="Leave it out, and add the step `resize` to preprocess where the size shall change.",
            path=source.name,
            field="data.images",
        )
    return dataset


def _read(source: DataSource, data: Data) -> Dataset:
    match kind_of(source):
        case Kind.TEXT | Kind.JSON | Kind.PARQUET:
            return table.read(source, data.clean)
        case Kind.CIFAR_BINARY:
            tree = _alone(source)
            parts = read_binary(tree, list(tree.files.values()))
            return assembled(parts, source, clean=data.clean, described=Described("cifar10-binary", binary_names(tree)))
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
    if holds_tables(tree):
        return table.read(source, data.clean)
    parts, described = _parts_of(tree, data)
    return assembled(parts, source, clean=data.clean, described=described)


def _parts_of(tree: Tree, data: Data) -> tuple[Mapping[PartName, Part], Described]:
    about = read_about(tree)
    if files := idx_files(tree):
        return read_idx(tree, files), Described("idx", about.classes or None, about)
    if batches := binary_batches(tree):
        return read_binary(tree, batches), Described("cifar10-binary", binary_names(tree), about)
    if batches := python_batches(tree):
        return read_python(tree, batches), Described("cifar10-python", python_names(tree), about)
    if has_pictures(tree):
        found = read_pictures(tree, data.images, data.clean)
        return found.parts, Described("pictures", found.names, about, found.dropped)
    raise InvalidData(
        f"{tree.source} holds {tree.listed()}: no format that is known here.",
        remedy=f"Accepted are {FORMATS}.",
        path=tree.source,
    )
