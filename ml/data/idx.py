"""The idx files of MNIST and its kin, plain or gzipped (http://yann.lecun.com/exdb/mnist/).

A tree of them: images and labels, of train and of test (`t10k`), told apart by their dimensions and their names.
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any, Final

import numpy as np
import numpy.typing as npt

from ml.data.assembly import Part
from ml.data.kinds import inflating, is_gzip, is_idx
from ml.data.limits import MAX_BYTES, MAX_INFLATION
from ml.data.parts import PartName
from ml.data.tree import Entry, Tree
from ml.errors import InvalidData

_MOST_FILES: Final = 16
_PIECE: Final = 1 << 20
_TYPES: Final = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
_PARTS: Final[tuple[tuple[str, PartName], ...]] = (("val", "validation"), ("t10k", "test"), ("test", "test"))
_REMEDY: Final = "Use the four files as they were published: images and labels, of train and of t10k."


@dataclass(frozen=True, slots=True)
class _Header:
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    length: int
    """Bytes of the header itself."""

    @property
    def bytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize


def idx_files(tree: Tree) -> list[Entry]:
    """Return the files of a small tree that look like idx, or are named so."""
    if len(tree.files) > _MOST_FILES:
        return []
    return [entry for entry in tree.files.values() if re.search(r"idx\d", entry.basename) or _begins_like_idx(entry)]


def read_idx(tree: Tree, files: list[Entry]) -> Mapping[PartName, Part]:
    """Return images and labels of each part. Raises `InvalidData` that names file and remedy."""
    arrays: dict[tuple[PartName, str], tuple[Entry, npt.NDArray[Any]]] = {}
    for entry in files:
        array = _read(entry, tree)
        role = "labels" if array.ndim == 1 else "images"
        part = _part_of(entry)
        if (part, role) in arrays:
            other = arrays[part, role][0].name
            raise _refusal(tree, entry, f"holds the {role} of {part}, and so does {other}")
        arrays[part, role] = (entry, array)
    return _paired(arrays, tree)


def _paired(arrays: Mapping[tuple[PartName, str], tuple[Entry, npt.NDArray[Any]]], tree: Tree) -> dict[PartName, Part]:
    parts: dict[PartName, Part] = {}
    for (part, role), (entry, _) in arrays.items():
        other = "labels" if role == "images" else "images"
        if (part, other) not in arrays:
            raise _refusal(tree, entry, f"holds the {role} of {part}, and no file holds their {other}")
        (x, images), (y, labels) = arrays[part, "images"], arrays[part, "labels"]
        parts[part] = Part(images, labels, x.name, y.name)
    if "train" not in parts:  # there is nothing but a test part: then that is the data
        return {"train": next(iter(parts.values()))}
    return parts


def _part_of(entry: Entry) -> PartName:
    name = entry.basename.lower()
    return next((part for word, part in _PARTS if word in name), "train")


def _begins_like_idx(entry: Entry) -> bool:
    beginning = entry.beginning(4096)
    if is_gzip(beginning):
        try:
            beginning = zlib.decompressobj(wbits=31).decompress(beginning, 4)
        except zlib.error:
            return False
    return is_idx(beginning)


def _read(entry: Entry, tree: Tree) -> npt.NDArray[Any]:
    try:
        with entry.opened() as stored:
            zipped = is_gzip(entry.beginning(2))
            stream = inflating(stored) if zipped else stored
            header = _header(stream, entry, tree)
            _refuse_claim(header, entry.size * (MAX_INFLATION if zipped else 1), entry, tree)
            return _fill(stream, header, entry, tree)
    except (OSError, EOFError, zlib.error) as error:
        raise _refusal(tree, entry, f"cannot be inflated: {error}") from error


def _header(stream: IO[bytes], entry: Entry, tree: Tree) -> _Header:
    beginning = stream.read(4)
    if not is_idx(beginning):
        raise _refusal(tree, entry, "is no idx file: it does not begin with two zeros, a type and a number from 1 to 4")
    dimensions = beginning[3]
    sizes = stream.read(4 * dimensions)
    if len(sizes) < 4 * dimensions:
        raise _refusal(tree, entry, "ends within its header")
    shape = tuple(int.from_bytes(sizes[4 * at : 4 * at + 4], "big") for at in range(dimensions))
    return _Header(shape, np.dtype(_TYPES[beginning[2]]), 4 + len(sizes))


def _refuse_claim(header: _Header, most: int, entry: Entry, tree: Tree) -> None:
    """Refuse a shape that the file cannot hold before anything is allocated for it."""
    if len(header.shape) == 2:
        raise _refusal(tree, entry, f"has two dimensions, {header.shape}: neither images nor labels")
    if header.bytes > MAX_BYTES:
        raise _refusal(tree, entry, f"says it holds {header.bytes:,} bytes, and {MAX_BYTES:,} is the limit")
    if header.bytes + header.length > most:
        raise _refusal(
            tree, entry, f"says it holds {header.bytes:,} bytes of {header.shape}, and cannot: it is too short"
        )


def _fill(stream: IO[bytes], header: _Header, entry: Entry, tree: Tree) -> npt.NDArray[Any]:
    array = np.empty(header.shape, header.dtype)  # pages come into being as they are filled
    target = array.reshape(-1).view(np.uint8)
    done = 0
    while done < len(target):
        piece = stream.read(min(_PIECE, len(target) - done))
        if not piece:
            raise _refusal(tree, entry, f"says it holds {len(target):,} bytes, and ends after {done:,}")
        target[done : done + len(piece)] = np.frombuffer(piece, np.uint8)
        done += len(piece)
    if stream.read(1):
        raise _refusal(tree, entry, f"goes on after the {len(target):,} bytes that it says it holds")
    return array.astype(header.dtype.newbyteorder("="), copy=False)


def _refusal(tree: Tree, entry: Entry, problem: str) -> InvalidData:
    return InvalidData(f"{tree.place(entry.name)} {problem}.", remedy=_REMEDY, path=tree.source, field=entry.name)
