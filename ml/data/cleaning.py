"""Takes out examples that no model should learn from: images of one colour, and exact copies."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ml.data.checked_arrays import refuse_missing
from ml.data.copies import first_equal, needless_copies
from ml.data.dataset import Dataset
from trainshed.specs import Clean


def cleaned(dataset: Dataset, clean: Clean) -> Dataset:
    """Return the dataset without what `clean` drops. What the data itself holds out loses no copies.

    Raises `InvalidData` when a class has no example left.
    """
    keep = np.ones(len(dataset.labels), np.bool_)
    dropped: Counter[str] = Counter()
    if clean.constant == "drop":
        _drop(keep, constant_images(dataset), "constant", dropped)
    if clean.duplicates == "drop":
        needless = needless_copies(first_equal(dataset.images), keep, held_out_from=dataset.held_out_from)
        _drop(keep, needless, "duplicates", dropped)
    return _without(dataset, keep, dropped) if dropped else dataset


def constant_images(dataset: Dataset) -> npt.NDArray[np.bool_]:
    """Return which images (n,) have one and the same colour everywhere."""
    pixels = dataset.images.reshape(len(dataset.labels), -1, dataset.image_shape[2])
    same: npt.NDArray[np.bool_] = (pixels == pixels[:, :1]).all(axis=(1, 2))
    return same


def _drop(keep: npt.NDArray[np.bool_], drop: npt.NDArray[np.bool_], why: str, dropped: Counter[str]) -> None:
    count = int(np.count_nonzero(keep & drop))
    if count:
        dropped[why] += count
        keep &= ~drop


def _without(dataset: Dataset, keep: npt.NDArray[np.bool_], dropped: Counter[str]) -> Dataset:
    labels = dataset.labels[keep]
    end = dataset.held_out_from
    to_train_on = labels if end is None else labels[: int(np.count_nonzero(keep[:end]))]
    refuse_missing(to_train_on, dataset.class_names, field="what cleaning has left", path=dataset.source)
    return replace(
        dataset,
        images=dataset.images[keep],
        labels=labels,
        own_validation_from=_moved(dataset.own_validation_from, keep),
        own_test_from=_moved(dataset.own_test_from, keep),
        dropped=dict(Counter(dataset.dropped) + dropped),
        equal=None,
        digest="",
    )


def _moved(row: int | None, keep: npt.NDArray[np.bool_]) -> int | None:
    return None if row is None else int(np.count_nonzero(keep[:row]))
