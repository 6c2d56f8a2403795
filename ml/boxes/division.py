"""Divides pictures with boxes into train, validation and test: as `ml.data.split` has it, not stratified."""

from __future__ import annotations

import numpy as np

from ml.boxes.box_set import BoxSet
from ml.data.split import Parts, divide_evenly
from ml.errors import InvalidData
from trainshed.specs import Split


def divide_pictures(pictures: BoxSet, split: Split) -> Parts:
    """Divide the pictures; parts of the data's own stay as they are. Raises `InvalidData` when one would be empty."""
    return divide_evenly(len(pictures), split, pictures)


def train_box_counts(pictures: BoxSet, parts: Parts) -> tuple[int, ...]:
    """Return the boxes of each class in the train part."""
    owner = np.repeat(np.arange(len(pictures)), pictures.counts)
    seen = pictures.classes[np.isin(owner, parts.train)]
    return tuple(int(count) for count in np.bincount(seen, minlength=len(pictures.class_names)))


def refuse_untrained_class(pictures: BoxSet, parts: Parts) -> None:
    """Raise `InvalidData` when a class has no box in the train part."""
    counts = train_box_counts(pictures, parts)
    missing = [name for name, count in zip(pictures.class_names, counts, strict=True) if not count]
    if missing:
        raise InvalidData(
            f"{pictures.source} has no box of class {missing[0]} in the train part.",
            remedy="Add pictures of it, take it out of the names, or change data.split.seed.",
            path=pictures.source,
            field="data.split",
        )
