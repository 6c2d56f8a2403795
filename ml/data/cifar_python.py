"""CIFAR-10 in its python form: pickled batches of rows of 3,072 bytes, with labels. Read by `ml.data.plain_pickle`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ml.data import cifar
from ml.data.assembly import Part
from ml.data.parts import PartName
from ml.data.plain_pickle import NotPlainError, load_plain
from ml.data.tree import Entry, Tree
from ml.errors import InvalidData

_NAMES: Final = "batches.meta"


def python_batches(tree: Tree) -> list[Entry]:
    """Return the pickled batches of a tree."""
    return [entry for entry in tree.files.values() if entry.name == entry.basename and cifar.is_batch(entry)]


def read_python(tree: Tree, batches: Sequence[Entry]) -> Mapping[PartName, Part]:
    """Return the parts. Raises `InvalidData` that names the batch and what is wrong with it."""
    test = [entry for entry in batches if cifar.is_test_batch(entry)]
    train = cifar.train_batches(batches)
    parts: dict[PartName, Part] = {"train": _part(train or test, tree)}
    if train and test:
        parts["test"] = _part(test, tree)
    return parts


def python_names(tree: Tree) -> tuple[str, ...]:
    """Return the names of the classes: those of `batches.meta`, or CIFAR-10's own."""
    entry = tree.files.get(_NAMES)
    if entry is None:
        return cifar.CLASSES
    listed = _load(entry, tree).get("label_names")
    names = tuple(_text(name) for name in listed) if isinstance(listed, list) else ()
    if not 2 <= len(names) <= 256 or len(set(names)) < len(names):
        raise _refusal(tree, entry, f"names {len(names)} classes; from 2 to 256 are possible, each once")
    return names


def _part(batches: Sequence[Entry], tree: Tree) -> Part:
    read = [_batch(entry, tree) for entry in batches]
    name = ", ".join(entry.name for entry in batches)
    images = np.concatenate([images for images, _ in read])
    labels = np.concatenate([labels for _, labels in read])
    return Part(images, labels, f"the images of {name}", f"the labels of {name}")


def _batch(entry: Entry, tree: Tree) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    batch = _load(entry, tree)
    data, listed = batch.get("data"), batch.get("labels")
    if not isinstance(data, np.ndarray) or data.ndim != 2 or data.shape[1] != cifar.PIXELS:
        found = f"of {data.shape}" if isinstance(data, np.ndarray) else f"that is {type(data).__name__}"
        raise _refusal(tree, entry, f"has `data` {found}, and not uint8 of (n, {cifar.PIXELS})")
    if not isinstance(listed, list) or len(listed) != len(data):
        count = f"{len(listed)}" if isinstance(listed, list) else "no list of"
        raise _refusal(tree, entry, f"has {len(data)} images and {count} labels")
    wrong = next((row for row, label in enumerate(listed) if type(label) is not int or abs(label) >= 2**31), None)
    if wrong is not None:
        raise _refusal(tree, entry, f"has the label {str(listed[wrong])[:40]!r}, which is no number", row=wrong)
    return cifar.as_images(data), np.array(listed, np.int64)


def _load(entry: Entry, tree: Tree) -> dict[str, Any]:
    try:
        with entry.opened() as stream:
            found = load_plain(stream, entry.size)
    except NotPlainError as error:
        raise _refusal(tree, entry, f"is no plain pickle: {error}") from error
    if not isinstance(found, dict):
        raise _refusal(tree, entry, f"holds a {type(found).__name__}, and not a dict")
    return {_text(key): value for key, value in found.items() if isinstance(key, str | bytes)}


def _text(name: object) -> str:
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)


def _refusal(tree: Tree, entry: Entry, problem: str, *, row: int | None = None) -> InvalidData:
    return InvalidData(
        f"{tree.place(entry.name)} {problem}.", remedy=cifar.REMEDY, path=tree.source, row=row, field=entry.name
    )
