"""Checks that stand between a user's arrays and training. Each error names file, array, row, value and remedy."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ml.data.dataset import Images, Labels
from ml.errors import InvalidData

_MAX_CHANNELS: Final = 4


def checked_images(array: npt.NDArray[Any], *, field: str, path: str) -> Images:
    """Return (n, height, width, channels) of uint8 or float32. Raises `InvalidData`."""
    images = _with_channels(array, field, path)
    if images.dtype == np.uint8:
        return images
    if images.dtype not in (np.float16, np.float32, np.float64):
        raise InvalidData(
            f"{path}: {field} has the dtype {images.dtype}.",
            remedy=f"Pixels are uint8 or float32; convert with {field}.astype('uint8') or 'float32'.",
            path=path,
            field=field,
        )
    with np.errstate(over="ignore"):  # a float64 too large becomes infinite, and that is reported below
        pixels = images.astype(np.float32)
    _refuse_non_finite(pixels, field, path)
    return pixels


def checked_labels(array: npt.NDArray[Any], *, field: str, path: str) -> Labels:
    """Return (n,) of int64, none of them negative. Raises `InvalidData`."""
    if array.ndim != 1:
        raise InvalidData(
            f"{path}: {field} has the shape {array.shape}.",
            remedy="Labels are one whole number an image, shape (n,); from one-hot rows make them with argmax(axis=1).",
            path=path,
            field=field,
        )
    if array.dtype.kind not in "iu":
        raise InvalidData(
            f"{path}: {field} has the dtype {array.dtype}.",
            remedy="Labels are whole numbers 0, 1, ..; convert them to int64.",
            path=path,
            field=field,
        )
    wrong = np.flatnonzero((array < 0) | (array > np.iinfo(np.int64).max))
    if wrong.size:
        row = int(wrong[0])
        raise InvalidData(
            f"{path}: {field}[{row}] is {array[row]}.",
            remedy="Labels run from 0 to the number of classes less one.",
            path=path,
            row=row,
            field=field,
        )
    return array.astype(np.int64)


def class_count(labels: Labels, *, field: str, path: str) -> int:
    """Return n of the classes 0..n-1 that `labels` cover. Raises `InvalidData` for a gap, or fewer than two."""
    present = np.unique(labels)
    gaps = np.flatnonzero(present != np.arange(len(present)))
    if gaps.size:
        missing, largest = int(gaps[0]), int(present[-1])
        row = int(np.flatnonzero(labels == largest)[0])
        raise InvalidData(
            f"{path}: {field} has no example of class {missing}, but {field}[{row}] is {largest}.",
            remedy=f"Each class from 0 to {largest} needs examples; number the classes without gaps.",
            path=path,
            row=row,
            field=field,
        )
    if len(present) < 2:
        raise InvalidData(
            f"{path}: all labels in {field} are {present[0]}.",
            remedy="A classifier needs examples of at least two classes.",
            path=path,
            field=field,
        )
    return len(present)


def _with_channels(array: npt.NDArray[Any], field: str, path: str) -> npt.NDArray[Any]:
    images = array[..., np.newaxis] if array.ndim == 3 else array
    if images.ndim != 4 or images.shape[3] > _MAX_CHANNELS:
        raise InvalidData(
            f"{path}: {field} has the shape {array.shape}.",
            remedy=f"Images are (n, height, width) or (n, height, width, channels) with 1 to {_MAX_CHANNELS} channels.",
            path=path,
            field=field,
        )
    if 0 in images.shape:
        raise InvalidData(
            f"{path}: {field} is empty, its shape is {array.shape}.",
            remedy="Give at least one example of each class.",
            path=path,
            field=field,
        )
    return images


def _refuse_non_finite(pixels: npt.NDArray[np.float32], field: str, path: str) -> None:
    finite = np.isfinite(pixels)
    if finite.all():
        return
    where = np.unravel_index(int(np.argmin(finite)), pixels.shape)
    position = ", ".join(str(index) for index in where)
    raise InvalidData(
        f"{path}: {field}[{position}] is {pixels[where]} as float32.",
        remedy="Remove or repair images with NaN or infinite pixels.",
        path=path,
        row=int(where[0]),
        field=field,
    )
