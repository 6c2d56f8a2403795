"""Pictures that things are to be found on, without boxes: all picture files of a folder or an archive."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ml.boxes.box_set import BoxSet, Pixels
from ml.boxes.frames import Frame, frame_of
from ml.boxes.load import load_boxes
from ml.data.asked_images import asked_picture
from ml.data.checked_arrays import refuse_other_shape
from ml.data.files import DataSource, find_file
from ml.data.opening import opened_tree
from ml.data.pictures import has_pictures, picture_files
from ml.data.questions import Rows
from ml.errors import InvalidData
from ml.job import DataFile
from trainshed.specs import Data, Pictures

Shape = tuple[int, int, int]


@dataclass(frozen=True, slots=True, eq=False)
class AskedPictures:
    """A batch; all have as many entries as there are pictures."""

    rows: Rows
    images: Pixels
    names: tuple[str, ...]
    frames: tuple[Frame, ...]
    """What brought a place of the file here."""


@dataclass(frozen=True, slots=True)
class PictureQuestions:
    """So many pictures, `read` in batches of a size."""

    count: int
    read: Callable[[int], Iterator[AskedPictures]]


def ask_pictures(
    data: Data,
    shape: Shape,
    *,
    chosen: Rows | None,
    roots: tuple[Path, ...],
    files: Mapping[str, DataFile],
) -> PictureQuestions:
    """Return the pictures `chosen` (ascending; None: all) for a model that takes `shape` (height, width, channels).

    Raises `InvalidData`.
    """
    source = find_file(data, roots=roots, files=files)
    if chosen is None and source is not None:
        return _of_files(source, data.images, shape)
    pictures = load_boxes(data, roots=roots, files=files)
    refuse_other_shape(pictures.image_shape, shape, path=pictures.source)
    return _in_memory(pictures, np.arange(len(pictures), dtype=np.int64) if chosen is None else chosen)


def _in_memory(pictures: BoxSet, chosen: Rows) -> PictureQuestions:
    def read(size: int) -> Iterator[AskedPictures]:
        for start in range(0, len(chosen), size):
            rows = chosen[start : start + size]
            frames = tuple(Frame(*map(float, pictures.frames[row])) for row in rows)
            yield AskedPictures(rows, pictures.images[rows], tuple(pictures.names[row] for row in rows), frames)

    return PictureQuestions(len(chosen), read)


def _of_files(source: DataSource, asked: Pictures | None, shape: Shape) -> PictureQuestions:
    with opened_tree(source) as tree:
        names = () if tree is None or not has_pictures(tree) else tuple(picture_files(tree))
    if not names:
        raise InvalidData(
            f"{source.name} holds no pictures.",
            remedy="Give a folder or an archive of picture files.",
            path=source.name,
        )

    def read(size: int) -> Iterator[AskedPictures]:
        with opened_tree(source) as tree:
            assert tree is not None
            for start in range(0, len(names), size):
                some = names[start : start + size]
                decoded = [asked_picture(tree, name, asked, shape) for name in some]
                yield AskedPictures(
                    np.arange(start, start + len(some), dtype=np.int64),
                    np.stack([each.pixels for each in decoded]),
                    some,
                    tuple(frame_of(each.height, each.width, asked) for each in decoded),
                )

    return PictureQuestions(len(names), read)
