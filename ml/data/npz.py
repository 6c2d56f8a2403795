"""An .npz file with `x`, `y`, or with `x_train`, `y_train`, `x_test`, `y_test`, and `x_val`, `y_val` where it has them.

`class_names`, an array of texts, gives the classes their names.

A hostile file costs an error and no more: nothing is unpickled, and nothing is allocated before its headers agree with
the sizes inside the archive and with `MAX_BYTES`.
"""

from __future__ import annotations

import zipfile
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ml.data.assembly import Described, Part, assembled
from ml.data.dataset import Dataset
from ml.data.files import DataSource
from ml.data.limits import MAX_BYTES, MAX_CLASSES
from ml.data.npz_headers import Header, read_headers
from ml.data.parts import PartName
from ml.errors import InvalidData
from trainshed.specs import Clean

_WHOLE: Final = ("x", "y")
_DIVIDED: Final = ("x_train", "y_train", "x_test", "y_test")
_VALIDATION: Final = ("x_val", "y_val")
_NAMES: Final = "class_names"
_LAYOUTS: Final = "x and y, or x_train, y_train, x_test and y_test"


def is_npz(archive: zipfile.ZipFile) -> bool:
    """Whether the archive holds arrays, and not files in folders."""
    return any(name.endswith(".npy") and "/" not in name for name in archive.namelist())


def read(archive: zipfile.ZipFile, source: DataSource, clean: Clean) -> Dataset:
    """Read and check the file. Raises `InvalidData` that names file, array, row and value.

    Images: uint8 or float, (n, height, width) or (n, height, width, channels). Labels: integers 0..classes-1, (n,).
    """
    arrays = {name: read_array(archive, name) for name in _layout_of(archive, source.name)}
    return as_dataset(arrays, source, clean)


def _layout_of(archive: zipfile.ZipFile, path: str) -> tuple[str, ...]:
    """Return the names of the arrays to read, after their headers were found harmless."""
    headers = read_headers(archive, path)
    names = layout_in(headers)
    if names is None:
        found = ", ".join(sorted(headers)) or "nothing"
        raise InvalidData(f"{path} holds {found}.", remedy=f"It needs the arrays {_LAYOUTS}.", path=path)
    wanted = (*names, *(name for name in (*_VALIDATION, _NAMES) if name in headers))
    refuse_harm([headers[name] for name in wanted], path)
    return wanted


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


def as_dataset(arrays: Mapping[str, npt.NDArray[Any]], source: DataSource, clean: Clean) -> Dataset:
    """Return images and labels of a layout. Raises `InvalidData`."""
    layout = _DIVIDED if "x_train" in arrays else _WHOLE
    parts: dict[PartName, Part] = {"train": _part(arrays, *layout[:2])}
    if layout is _DIVIDED:
        parts["test"] = _part(arrays, *layout[2:])
        if set(_VALIDATION) <= set(arrays):
            parts["validation"] = _part(arrays, *_VALIDATION)
    return assembled(parts, source, clean=clean, described=Described("npz", _class_names(arrays, source.name)))


def _part(arrays: Mapping[str, npt.NDArray[Any]], x: str, y: str) -> Part:
    return Part(arrays[x], arrays[y], x, y)


def _class_names(arrays: Mapping[str, npt.NDArray[Any]], path: str) -> tuple[str, ...] | None:
    array = arrays.get(_NAMES)
    if array is None:
        return None
    names = tuple(str(name) for name in array.tolist()) if array.ndim == 1 and array.dtype.kind == "U" else ()
    if not 2 <= len(names) <= MAX_CLASSES or len(set(names)) < len(names) or not all(map(str.isprintable, names)):
        raise InvalidData(
            f"{path}: {_NAMES} has the shape {array.shape} and the dtype {array.dtype}.",
            remedy=f"It is a list of 2 to {MAX_CLASSES:,} different names, for numpy.array([...]).",
            path=path,
            field=_NAMES,
        )
    return names
