"""From the arrays of each part to one checked `Dataset`. Every format ends here, so that all are held to the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.data.about import UNKNOWN, About
from ml.data.checked_arrays import (
    checked_images,
    checked_labels,
    refuse_missing,
    refuse_non_finite,
    refuse_unknown,
)
from ml.data.dataset import Dataset, Images, Labels
from ml.data.files import DataSource
from ml.data.limits import MAX_CLASSES
from ml.data.parts import ORDER, PartName
from ml.errors import InvalidData
from trainshed.specs import Clean


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One part as it was read; `x` and `y` are what errors call images and labels."""

    images: npt.NDArray[Any]
    labels: npt.NDArray[Any]
    x: str
    y: str


@dataclass(frozen=True, slots=True)
class Described:
    """What is known beside the arrays."""

    format: str
    names: tuple[str, ...] | None = None
    """Of the classes. None: they are numbers."""
    about: About = UNKNOWN
    dropped: Mapping[str, int] | None = None
    """What reading has left out already."""


def assembled(parts: Mapping[PartName, Part], source: DataSource, *, clean: Clean, described: Described) -> Dataset:
    """Check the parts and put them one after the other. `train` alone is data that is still to be divided.

    Raises `InvalidData` that names part, row and value.
    """
    path = source.name
    dropped = Counter(described.dropped or {})
    checked = {name: _checked(parts[name], clean, dropped, path) for name in ORDER if name in parts}
    names = described.names or _numbers(checked["train"], clean, path)
    known = {name: _of_classes(part, len(names), clean, dropped, path) for name, part in checked.items()}
    train = known["train"]
    refuse_missing(train.labels, names, field=train.y, path=path)
    for part in known.values():
        _refuse_other_kind(part, train, path)
    return _joined(known, names, source, described, dropped)


def _checked(part: Part, clean: Clean, dropped: Counter[str], path: str) -> Part:
    images = checked_images(part.images, field=part.x, path=path)
    labels = checked_labels(part.labels, field=part.y, path=path)
    if len(images) != len(labels):
        raise InvalidData(
            f"{path}: {part.x} has {len(images)} examples and {part.y} has {len(labels)} labels.",
            remedy="Each image needs one label.",
            path=path,
            field=part.y,
        )
    whole = Part(images, labels, part.x, part.y)
    if images.dtype == np.uint8:
        return whole
    if clean.corrupt == "refuse":
        refuse_non_finite(images, field=part.x, path=path)
        return whole
    sound: npt.NDArray[np.bool_] = np.asarray(np.isfinite(images).all(axis=(1, 2, 3)))
    return _kept(whole, sound, "corrupt", dropped)


def _numbers(train: Part, clean: Clean, path: str) -> tuple[str, ...]:
    """Return the classes that the training part has. Raises `InvalidData` where they cannot be counted."""
    labels: Labels = train.labels
    if clean.unknown_labels == "drop":
        labels = labels[labels >= 0]
    if not len(labels):
        return ()
    if int(labels.min()) < 0:
        refuse_unknown(labels, max(int(labels.max()) + 1, 1), field=train.y, path=path)
    present = np.unique(labels)
    if len(present) > MAX_CLASSES:
        raise InvalidData(
            f"{path}: {train.y} has {len(present):,} different values, and {MAX_CLASSES:,} classes are the limit.",
            remedy="A label is a class, not a quantity.",
            path=path,
            field=train.y,
        )
    gaps = np.flatnonzero(present != np.arange(len(present)))
    if gaps.size:
        missing, largest = int(gaps[0]), int(present[-1])
        row = int(np.flatnonzero(labels == largest)[0])
        raise InvalidData(
            f"{path}: {train.y} has no example of class {missing}, but {train.y}[{row}] is {largest}.",
            remedy=f"Each class from 0 to {largest} needs examples; number the classes without gaps.",
            path=path,
            row=row,
            field=train.y,
        )
    return tuple(str(number) for number in range(len(present)))


def _of_classes(part: Part, known: int, clean: Clean, dropped: Counter[str], path: str) -> Part:
    if clean.unknown_labels == "refuse":
        refuse_unknown(part.labels, known, field=part.y, path=path)
        return part
    return _kept(part, (part.labels >= 0) & (part.labels < known), "unknown_labels", dropped)


def _kept(part: Part, keep: npt.NDArray[np.bool_], why: str, dropped: Counter[str]) -> Part:
    lost = int(np.count_nonzero(~keep))
    if not lost:
        return part
    dropped[why] += lost
    return replace(part, images=part.images[keep], labels=part.labels[keep])


def _refuse_other_kind(part: Part, train: Part, path: str) -> None:
    if part.images.shape[1:] == train.images.shape[1:] and part.images.dtype == train.images.dtype:
        return
    raise InvalidData(
        f"{path}: {part.x} holds {part.images.dtype} images of {part.images.shape[1:]}, {train.x} {train.images.dtype}"
        f" images of {train.images.shape[1:]}.",
        remedy="Both must have one size and one dtype.",
        path=path,
        field=part.x,
    )


def _joined(
    parts: Mapping[PartName, Part],
    names: tuple[str, ...],
    source: DataSource,
    described: Described,
    dropped: Counter[str],
) -> Dataset:
    about = described.about
    images: Images = _one([part.images for part in parts.values()])
    labels: Labels = _one([part.labels for part in parts.values()])
    counts = {name: len(parts[name].labels) if name in parts else 0 for name in ORDER}
    before_test = counts["train"] + counts["validation"]
    return Dataset(
        source=source.name,
        images=images,
        labels=labels,
        class_names=names,
        own_validation_from=counts["train"] if "validation" in parts else None,
        own_test_from=before_test if "test" in parts else None,
        provenance=about.provenance or source.provenance,
        licence=about.licence or "not stated",
        synthetic=about.synthetic,
        format=described.format,
        dropped=dict(dropped),
    )


def _one(arrays: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)
