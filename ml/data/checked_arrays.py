"""Checks that stand between a user's arrays and training. Each error names file, array, row, value and remedy."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ml.data.dataset import Images, Labels
from ml.errors import InvalidData

_MAX_CHANNELS: Final = 4


def checked_images(array: npt.NDArray[Any], *, field: str, path: str) -> Images:
    """Return (n, height, width, channels) of uint8, or of float32 that may be NaN. Raises `InvalidData`."""
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
    with np.errstate(over="ignore"):  # a float64 too large becomes infinite, and is reported as that
        return images.astype(np.float32)


def checked_labels(array: npt.NDArray[Any], *, field: str, path: str) -> Labels:
    """Return (n,) of int64, which may be no classes. Raises `InvalidData`."""
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
    too_large = np.flatnonzero(array > np.iinfo(np.int64).max)
    if too_large.size:
        raise _no_class(array, int(too_large[0]), "Labels are whole numbers 0, 1, ..", field, path)
    return array.astype(np.int64)


def refuse_non_finite(images: Images, *, field: str, path: str) -> None:
    """Raise `InvalidData` at the first pixel that is NaN or infinite."""
    finite = np.isfinite(images)
    if finite.all():
        return
    where = np.unravel_index(int(np.argmin(finite)), images.shape)
    position = ", ".join(str(index) for index in where)
    raise InvalidData(
        f"{path}: {field}[{position}] is {images[where]} as float32.",
        remedy="Remove or repair images with NaN or infinite pixels, or set data.clean.corrupt to drop.",
        path=path,
        row=int(where[0]),
        field=field,
    )


def refuse_other_shape(shape: tuple[int, ...], taken: tuple[int, ...], *, path: str, field: str | None = None) -> None:
    """Raise `InvalidData` for images of another (height, width, channels) than a model takes."""
    if shape != taken:
        height, width, channels = taken
        mode = "grey" if channels == 1 else "rgb"
        raise InvalidData(
            f"{path if field is None else f'{path}/{field}'} has images of {shape}, and the model takes {taken}.",
            remedy="Height, width and channels must be those of the training data; picture files are brought there by"
            f" data.images: {{height: {height}, width: {width}, mode: {mode}}}.",
            path=path,
            field=field,
        )


def refuse_unknown(labels: Labels, known: int, *, field: str, path: str) -> None:
    """Raise `InvalidData` at the first label that is none of the classes 0..known-1."""
    unknown = np.flatnonzero((labels < 0) | (labels >= known))
    if unknown.size:
        raise _no_class(labels, int(unknown[0]), f"The classes are 0 to {known - 1}", field, path)


def refuse_missing(labels: Labels, names: tuple[str, ...], *, field: str, path: str) -> None:
    """Raise `InvalidData` for fewer than two classes, and for a class without an example among `labels`."""
    members = np.bincount(labels, minlength=len(names))
    present = np.flatnonzero(members)
    if len(present) < 2:
        what = f"all labels in {field} are {names[present[0]]}" if len(present) else f"{field} has no labels"
        raise InvalidData(
            f"{path}: {what}.",
            remedy="A classifier needs examples of at least two classes.",
            path=path,
            field=field,
        )
    if len(present) < len(names):
        raise _gap(labels, names, int(np.argmin(members)), field, path)


def _no_class(labels: npt.NDArray[Any], row: int, known: str, field: str, path: str) -> InvalidData:
    return InvalidData(
        f"{path}: {field}[{row}] is {labels[row]}.",
        remedy=f"{known}, and each needs examples to train on. Correct it, or set data.clean.unknown_labels to drop.",
        path=path,
        row=row,
        field=field,
    )


def _gap(labels: Labels, names: tuple[str, ...], missing: int, field: str, path: str) -> InvalidData:
    largest = int(labels.max())
    row = int(np.flatnonzero(labels == largest)[0])
    return InvalidData(
        f"{path}: {field} has no example of class {names[missing]}, but {field}[{row}] is {names[largest]}.",
        remedy="Each class needs examples to train on; number the classes without gaps.",
        path=path,
        row=row,
        field=field,
    )


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
