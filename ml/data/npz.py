"""An .npz file with `x`, `y`, or with `x_train`, `y_train`, `x_test`, `y_test`.

A hostile file costs an error and no more: nothing is unpickled, and nothing is allocated before its headers agree with
the sizes inside the archive and with `MAX_BYTES`.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ml.data.checked_arrays import checked_images, checked_labels, class_count
from ml.data.dataset import Dataset, Images, Labels
from ml.data.files import DataSource
from ml.data.npz_headers import MAX_BYTES, Header, read_headers
from ml.errors import InvalidData

_WHOLE: Final = ("x", "y")
_DIVIDED: Final = ("x_train", "y_train", "x_test", "y_test")
_LAYOUTS: Final = "x and y, or x_train, y_train, x_test and y_test"


def read(source: DataSource) -> Dataset:
    """Read and check the file. Raises `InvalidData` that names file, array, row and value.

    Images: uint8 or float, (n, height, width) or (n, height, width, channels). Labels: integers 0..classes-1, (n,).
    """
    with opened(source) as archive:
        names = _layout_of(archive, source.name)
        arrays = {name: read_array(archive, name) for name in names}
    return as_dataset(arrays, source)


@contextmanager
def opened(source: DataSource) -> Iterator[zipfile.ZipFile]:
    """Open the archive. Whatever is wrong with it until the end of the block becomes `InvalidData`."""
    path = source.name
    remedy = f"Write it again with numpy.savez(path, ...): {_LAYOUTS}."
    try:
        with zipfile.ZipFile(source.file) as archive:
            yield archive
    except zipfile.BadZipFile as error:
        raise InvalidData(f"{path} is no complete .npz file: {error}.", remedy=remedy, path=path) from error
    except (zlib.error, EOFError, ValueError, RuntimeError, NotImplementedError, OSError) as error:
        # Damaged, encrypted or exotic: zipfile and numpy have no common class for these.
        raise InvalidData(f"{path} cannot be read: {error}.", remedy=remedy, path=path) from error


def _layout_of(archive: zipfile.ZipFile, path: str) -> tuple[str, ...]:
    """Return the names of the arrays to read, after their headers were found harmless."""
    headers = read_headers(archive, path)
    names = layout_in(headers)
    if names is None:
        found = ", ".join(sorted(headers)) or "nothing"
        raise InvalidData(f"{path} holds {found}.", remedy=f"It needs the arrays {_LAYOUTS}.", path=path)
    refuse_harm([headers[name] for name in names], path)
    return names


def layout_in(names: Collection[str]) -> tuple[str, ...] | None:
    """Return the names of the arrays that hold examples, or None."""
    return next((layout for layout in (_DIVIDED, _WHOLE) if set(layout) <= set(names)), None)


def refuse_harm(headers: Sequence[Header], path: str) -> None:
    """Raises `InvalidData` for arrays that are too large together, or would have to be unpickled."""
    total = sum(header.bytes for header in headers)
    if total > MAX_BYTES:
        raise InvalidData(
            f"The arrays of {path} hold {total:,} bytes, and {MAX_BYTES:,} is the limit.",
            remedy="Store images as uint8, make them smaller, or use fewer.",
            path=path,
        )
    for header in headers:
        header.refuse_objects(path)


def read_array(archive: zipfile.ZipFile, name: str) -> npt.NDArray[Any]:
    """Return one array whose header was found harmless."""
    with archive.open(f"{name}.npy") as stream:
        return np.asarray(np.lib.format.read_array(stream, allow_pickle=False))


def as_dataset(arrays: Mapping[str, npt.NDArray[Any]], source: DataSource) -> Dataset:
    """Return images and labels of a layout. Raises `InvalidData`."""
    path = source.name
    divided = "x_train" in arrays
    names = _DIVIDED if divided else _WHOLE
    images, labels = _pair(arrays, names[0], names[1], path)
    n_classes = class_count(labels, field=names[1], path=path)
    own_test_from = None
    if divided:
        own_test_from = len(labels)
        images, labels = _with_own_test(images, labels, arrays, n_classes, path)
    return Dataset(
        source=source.name,
        images=images,
        labels=labels,
        class_names=tuple(str(number) for number in range(n_classes)),
        own_test_from=own_test_from,
        provenance=source.provenance,
        licence="not stated",
    )


def _with_own_test(
    images: Images, labels: Labels, arrays: Mapping[str, npt.NDArray[Any]], n_classes: int, path: str
) -> tuple[Images, Labels]:
    test_images, test_labels = _pair(arrays, "x_test", "y_test", path)
    if test_images.shape[1:] != images.shape[1:] or test_images.dtype != images.dtype:
        raise InvalidData(
            f"{path}: x_test holds {test_images.dtype} images of {test_images.shape[1:]}, x_train {images.dtype} images"
            f" of {images.shape[1:]}.",
            remedy="Both must have one size and one dtype.",
            path=path,
            field="x_test",
        )
    unknown = np.flatnonzero(test_labels >= n_classes)
    if unknown.size:
        row = int(unknown[0])
        raise InvalidData(
            f"{path}: y_test[{row}] is {test_labels[row]}, and y_train has the classes 0 to {n_classes - 1}.",
            remedy="Each class of the test part needs examples to train on.",
            path=path,
            row=row,
            field="y_test",
        )
    return np.concatenate([images, test_images]), np.concatenate([labels, test_labels])


def _pair(arrays: Mapping[str, npt.NDArray[Any]], x: str, y: str, path: str) -> tuple[Images, Labels]:
    images = checked_images(arrays[x], field=x, path=path)
    labels = checked_labels(arrays[y], field=y, path=path)
    if len(images) != len(labels):
        raise InvalidData(
            f"{path}: {x} has {len(images)} examples and {y} has {len(labels)} labels.",
            remedy="Each image needs one label.",
            path=path,
            field=y,
        )
    return images, labels
