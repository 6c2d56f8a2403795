"""Images that are to be answered, without labels: arrays, rows of pixels, or picture files in folders of any kind.

Formats that never come without labels (idx, CIFAR-10, what ships with Trainshed) are read with them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt

from ml.data.asked_rows import AskedRows, count_rows
from ml.data.checked_arrays import checked_images, refuse_non_finite, refuse_other_shape
from ml.data.dataset import Images
from ml.data.fields import as_number
from ml.data.files import DataSource, find_file
from ml.data.kinds import Kind, kind_of
from ml.data.load import load_dataset
from ml.data.npz import is_npz, read_array, refuse_harm
from ml.data.npz_headers import read_headers
from ml.data.opening import opened_tree
from ml.data.parts import SPLIT
from ml.data.picture import BadPictureError, Decoded, decode_whole
from ml.data.pictures import content_of, has_pictures, picture_files
from ml.data.questions import Asked, Questions, Rows, of_arrays
from ml.data.rows import holds_rows
from ml.data.tree import Tree, shown
from ml.data.zips import opened_zip
from ml.errors import InvalidData
from ml.job import DataFile
from trainshed.specs import Clean, Data, Pictures

FILE: Final = "file"
"""The column of names of files."""
Shape = tuple[int, int, int]
Floats = npt.NDArray[np.float32]
_ARRAYS: Final = (("x",), ("x_train", "x_val", "x_test"))


def ask_images(
    data: Data,
    shape: Shape,
    *,
    keep: Sequence[str],
    chosen: Rows | None,
    roots: tuple[Path, ...],
    files: Mapping[str, DataFile],
) -> Questions:
    """Return the images `chosen` (ascending; None: all) of a model that takes `shape` (height, width, channels).

    Raises `InvalidData`.
    """
    if chosen is not None:
        refuse_keep(keep, data)
        return _in_memory(load_dataset(data, roots=roots, files=files).images, _name(data), chosen, shape)
    refuse_clean(data.clean)
    source = find_file(data, roots=roots, files=files)
    if source is not None and holds_rows(source):
        return _of_pixels(count_rows(source), shape, keep)
    refuse_keep(keep, data)
    found = None if source is None else _images_of(source, data.images, shape)
    return found or _in_memory(load_dataset(data, roots=roots, files=files).images, _name(data), None, shape)


def _images_of(source: DataSource, asked: Pictures | None, shape: Shape) -> Questions | None:
    """Return what arrays and picture files hold; None for another format."""
    if kind_of(source) is Kind.ZIP:
        with opened_zip(source) as archive:
            if is_npz(archive):
                return _in_memory(_arrays(archive, source.name), source.name, None, shape)
    with opened_tree(source) as tree:
        if tree is None or not has_pictures(tree):
            return None
        names = picture_files(tree)
    return Questions(source.name, len(names), lambda size: _decoded(source, names, size, asked, shape))


def _arrays(archive: Any, path: str) -> Images:
    headers = read_headers(archive, path)
    names = next((there for one in _ARRAYS if (there := [name for name in one if name in headers])), None)
    if names is None:
        raise InvalidData(
            f"{path} holds {', '.join(sorted(headers))}.", remedy="Images to predict are the array x.", path=path
        )
    refuse_harm([headers[name] for name in names], path)
    images = [checked_images(read_array(archive, name), field=name, path=path) for name in names]
    for name, array in zip(names, images, strict=True):
        refuse_other_shape(array.shape[1:], images[0].shape[1:], path=path, field=name)
        if array.dtype != np.uint8:
            refuse_non_finite(array, field=name, path=path)
    return images[0] if len(images) == 1 else cast("Images", np.concatenate(images))


def _in_memory(images: Images, name: str, chosen: Rows | None, shape: Shape) -> Questions:
    refuse_other_shape(images.shape[1:], shape, path=name)
    rows = np.arange(len(images), dtype=np.int64) if chosen is None else chosen
    return of_arrays(name, rows, lambda some: images[some].astype(np.float32), lambda _: {})


def _decoded(
    source: DataSource, names: Sequence[str], size: int, asked: Pictures | None, shape: Shape
) -> Iterator[Asked]:
    with opened_tree(source) as tree:
        assert tree is not None
        for start in range(0, len(names), size):
            some = names[start : start + size]
            images = np.stack([_picture(tree, name, asked, shape) for name in some])
            yield Asked(np.arange(start, start + len(some), dtype=np.int64), images, {FILE: some})


def _picture(tree: Tree, name: str, asked: Pictures | None, shape: Shape) -> Floats:
    return asked_picture(tree, name, asked, shape).pixels.astype(np.float32)


def asked_picture(tree: Tree, name: str, asked: Pictures | None, shape: Shape) -> Decoded:
    """Decode a picture for a model that takes `shape`. Raises `InvalidData`."""
    try:
        decoded = decode_whole(content_of(tree.files[name]), asked)
    except BadPictureError as error:
        raise InvalidData(
            f"{tree.place(name)} is no picture that can be read: {error}.",
            remedy="Repair or remove it.",
            path=tree.source,
            field=shown(name),
        ) from error
    refuse_other_shape(decoded.pixels.shape, shape, path=tree.source, field=shown(name))
    return decoded


def _of_pixels(table: AskedRows, shape: Shape, keep: Sequence[str]) -> Questions:
    table.refuse_missing(keep, why="keep names", field="keep")
    pixels = _pixel_columns(table, shape, keep)
    wanted = (*pixels, *(name for name in keep if name not in pixels))

    def read(size: int) -> Iterator[Asked]:
        for rows, texts in table.batches(wanted, size, chosen=None):
            columns = [_numbers(texts[name], name, rows, table.source.name) for name in pixels]
            images = np.stack(columns, axis=1).reshape(-1, *shape)
            yield Asked(rows, images, {name: texts[name] for name in keep})

    return Questions(table.source.name, table.count, read)


def _pixel_columns(table: AskedRows, shape: Shape, keep: Sequence[str]) -> tuple[str, ...]:
    """Return the columns of pixels: all that are not kept, or all of these but the label."""
    needed = int(np.prod(shape))
    others = tuple(name for name in table.names if name not in keep and name != SPLIT)
    unlabelled = tuple(name for name in others if name != table.names[table.label])
    found = next((names for names in (others, unlabelled) if len(names) == needed), None)
    if found is None:
        raise InvalidData(
            f"{table.source.name} has {len(others)} columns of pixels, and the model takes images of {shape}:"
            f" {needed} numbers.",
            remedy="Give a column for each pixel, and maybe the label; other columns go into keep.",
            path=table.source.name,
        )
    return found


def _numbers(texts: Sequence[str], column: str, rows: Rows, path: str) -> Floats:
    numbers = [as_number(text) for text in texts]
    wrong = next((at for at, number in enumerate(numbers) if number is None or not np.isfinite(number)), None)
    if wrong is not None:
        raise InvalidData(
            f"{path}: {column} of row {rows[wrong]} is {texts[wrong][:40]!r}, which is no number.",
            remedy="Each row needs a number in each column of pixels.",
            path=path,
            row=int(rows[wrong]),
            field=column,
        )
    return np.array(numbers, np.float32)


def refuse_clean(clean: Clean) -> None:
    """Refuse to leave out anything. Raises `InvalidData`."""
    if clean != Clean():
        raise InvalidData(
            f"data.clean is {clean.model_dump_json()}, and every row is answered.",
            remedy="Leave data.clean out.",
            field="data.clean",
        )


def refuse_keep(keep: Sequence[str], data: Data) -> None:
    """Refuse to keep columns of what has none. Raises `InvalidData`."""
    if keep:
        raise InvalidData(
            f"keep names {keep[0]!r}, and {_name(data)} has no columns.",
            remedy="Leave keep out: the column `row` tells images apart, and `file` the file of a picture.",
            field="keep",
        )


def _name(data: Data) -> str:
    return data.path or data.dataset or ""
