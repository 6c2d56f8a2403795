"""CIFAR-10 in its binary form: records of 1 byte of label and 3,072 bytes of red, green and blue plane."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ml.data import cifar
from ml.data.assembly import Part
from ml.data.kinds import CIFAR_RECORD, is_pickle
from ml.data.parts import PartName
from ml.data.tree import Entry, Tree
from ml.errors import InvalidData

_NAMES: Final = "batches.meta.txt"
_MAX_NAMES: Final = 1 << 16
_ROWS_A_PIECE: Final = 1024


def binary_batches(tree: Tree) -> list[Entry]:
    """Return the binary batches of a tree."""
    return [entry for entry in tree.files.values() if entry.name.endswith(".bin") and not is_pickle(entry.beginning(3))]


def read_binary(tree: Tree, batches: Sequence[Entry]) -> Mapping[PartName, Part]:
    """Return the parts. Raises `InvalidData` that names batch, record and value."""
    test = [entry for entry in batches if cifar.is_test_batch(entry)]
    train = cifar.train_batches(batches)
    parts: dict[PartName, Part] = {"train": _part(train or test, tree)}
    if train and test:
        parts["test"] = _part(test, tree)
    return parts


def binary_names(tree: Tree) -> tuple[str, ...]:
    """Return the names of the classes: those of `batches.meta.txt`, or CIFAR-10's own."""
    entry = tree.files.get(_NAMES)
    if entry is None:
        return cifar.CLASSES
    try:
        lines = entry.beginning(_MAX_NAMES).decode().splitlines()
    except UnicodeDecodeError as error:
        raise _refusal(tree, entry, "is not UTF-8") from error
    names = tuple(line.strip() for line in lines if line.strip())
    if not 2 <= len(names) <= 256 or len(set(names)) < len(names):
        raise _refusal(tree, entry, f"names {len(names)} classes; from 2 to 256 are possible, each once")
    return names


def _part(batches: Sequence[Entry], tree: Tree) -> Part:
    counts = [_count(entry, tree) for entry in batches]
    labels = np.empty(sum(counts), np.uint8)
    images = np.empty((sum(counts), cifar.SIDE, cifar.SIDE, cifar.CHANNELS), np.uint8)
    start = 0
    for entry, count in zip(batches, counts, strict=True):
        _fill(entry, images[start : start + count], labels[start : start + count], tree)
        start += count
    name = ", ".join(entry.name for entry in batches)
    return Part(images, labels, f"the images of {name}", f"the labels of {name}")


def _count(entry: Entry, tree: Tree) -> int:
    count, rest = divmod(entry.size, CIFAR_RECORD)
    if rest or not count:
        raise _refusal(
            tree, entry, f"has {entry.size:,} bytes: record {count} is cut short" if rest else "is empty", row=count
        )
    return count


def _fill(entry: Entry, images: npt.NDArray[np.uint8], labels: npt.NDArray[np.uint8], tree: Tree) -> None:
    with entry.opened() as stream:
        for start in range(0, len(labels), _ROWS_A_PIECE):
            rows = labels[start : start + _ROWS_A_PIECE]
            content = stream.read(len(rows) * CIFAR_RECORD)
            if len(content) < len(rows) * CIFAR_RECORD:
                raise _refusal(tree, entry, "has become shorter", row=start)
            records: npt.NDArray[Any] = np.frombuffer(content, np.uint8).reshape(-1, CIFAR_RECORD)
            rows[:] = records[:, 0]
            images[start : start + len(rows)] = cifar.as_images(records[:, 1:])


def _refusal(tree: Tree, entry: Entry, problem: str, *, row: int | None = None) -> InvalidData:
    return InvalidData(
        f"{tree.place(entry.name)} {problem}.", remedy=cifar.REMEDY, path=tree.source, row=row, field=entry.name
    )
