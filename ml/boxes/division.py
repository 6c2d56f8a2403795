"""Divides pictures with boxes into train, validation and test: as `ml.data.split` has it, not stratified."""

from __future__ import annotations

import numpy as np

from ml.boxes.box_set import BoxSet
from ml.data.split import Parts, divide_evenly
from ml.errors import InvalidData
from trainshed.specs import Split


def divide_pictures(pictures: BoxSet, split: Split) -> Parts:
    """Divide the pictures; parts of the data's own stay as they are.

    Raises `InvalidData` when a part would come out empty, or a class is not in the train part.
    """
    rows = np.arange(len(pictures), dtype=np.int64)
    has_validation, has_test = pictures.own_validation_from is not None, pictures.own_test_from is not None
    own_test = rows[pictures.own_test_from :] if has_test else rows[:0]
    own_validation = rows[pictures.own_validation_from : pictures.own_test_from] if has_validation else rows[:0]
    drawn = divide_evenly(
        len(rows[: pictures.held_out_from]),
        split.model_copy(
            update={
                "validation": 0.0 if has_validation else split.validation,
                "test": 0.0 if has_test else split.test,
            }
        ),
    )
    parts = Parts(
        drawn.train, np.concatenate([drawn.validation, own_validation]), np.concatenate([drawn.test, own_test])
    )
    _refuse_untrained_class(pictures, parts)
    return parts


def train_box_counts(pictures: BoxSet, parts: Parts) -> tuple[int, ...]:
    """Return the boxes of each class in the train part."""
    owner = np.repeat(np.arange(len(pictures)), pictures.counts)
    seen = pictures.classes[np.isin(owner, parts.train)]
    return tuple(int(count) for count in np.bincount(seen, minlength=len(pictures.class_names)))


def _refuse_untrained_class(pictures: BoxSet, parts: Parts) -> None:
    counts = train_box_counts(pictures, parts)
    missing = [name for name, count in zip(pictures.class_names, counts, strict=True) if not count]
    if missing:
        raise InvalidData(
            f"{pictures.source} has no box of class {missing[0]} in the train part.",
            remedy="Add pictures of it, take it out of the names, or change data.split.seed.",
            path=pictures.source,
            field="data.split",
        )
