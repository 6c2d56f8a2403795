"""Profiles pictures with boxes: how large they and their boxes are, how many there are of each class, in each part."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from ml.boxes import BoxSet
from ml.boxes.frames import Frame
from ml.data.copies import copies_across, first_equal
from ml.evaluation.box_pictures import TRUE, Drawn, as_small_png, with_boxes
from ml.profile.about import about, copies_found, split_rule
from ml.profile.document import (
    MOST_CLASSES,
    MOST_PREVIEW_BYTES,
    ClassCount,
    LabelProfile,
    PartProfile,
    PictureFile,
    ProfileDocument,
    as_name,
)
from ml.profile.findings import first_problems, of_labels
from ml.profile.held_out import held_out_parts, rows_of_parts
from ml.profile.numbers import profile_array
from ml.profile.pictures import file_name
from ml.profile.sheets import MOST_CLASSES as MOST_SHEETS
from ml.workspace import Workspace
from trainshed.specs import Pictures

AT_SIZE: Final = Pictures(height=160, width=160, mode="rgb", fit="stretch")
"""What pictures are brought to, whatever they are: a profile shall not fail because they differ. Stretched, their own
size can be told from their frames."""
_EACH: Final = 6
_ACROSS: Final = 3
_TINY: Final = 4
_SIDE: Final = 192
_OVERVIEW_SIDE: Final = 96


def profile_boxes(pictures: BoxSet, workspace: Workspace, *, size: int | None) -> ProfileDocument:
    """Look into the pictures, and write a sheet of them for each class, boxes drawn."""
    rows = rows_of_parts(pictures, len(pictures))
    equal = first_equal(pictures.images)
    across = copies_across(equal, rows)
    fields = tuple(profile_array(name, values) for name, values in _measures(pictures).items())
    labels = _labels(pictures)
    preview = as_small_png(_sheet(pictures, _first(pictures, _ACROSS * 2), side=_OVERVIEW_SIDE))
    return ProfileDocument(
        source=pictures.source,
        format=pictures.format,
        **about(pictures),
        split_rule=split_rule(held_out_parts(pictures)),
        size=size,
        rows=len(pictures),
        fields=fields,
        field_count=len(fields),
        labels=labels,
        duplicates=int(np.count_nonzero(equal != np.arange(len(pictures)))),
        parts=tuple(_parts(pictures, rows)),
        copies_across_parts=sum(across.values()),
        pictures=tuple(_written(pictures, workspace)),
        preview=base64.b64encode(preview).decode() if len(preview) <= MOST_PREVIEW_BYTES else None,
        problems=tuple(first_problems(_problems(pictures, labels, across))),
    )


def _measures(pictures: BoxSet) -> dict[str, npt.NDArray[np.float64]]:
    """Return what is measured, in pixels of the files."""
    height, width, _ = pictures.image_shape
    scales = pictures.frames[:, [0, 2]].astype(np.float64)
    sides = (pictures.boxes[:, 2:] - pictures.boxes[:, :2]) / scales[
        np.repeat(np.arange(len(pictures)), pictures.counts)
    ]
    return {
        "picture width": np.round(width / scales[:, 0]),
        "picture height": np.round(height / scales[:, 1]),
        "boxes on a picture": pictures.counts.astype(np.float64),
        "box width": np.round(sides[:, 0], 2),
        "box height": np.round(sides[:, 1], 2),
    }


def _labels(pictures: BoxSet) -> LabelProfile:
    counts = np.bincount(pictures.classes, minlength=len(pictures.class_names))
    listed = zip(pictures.class_names[:MOST_CLASSES], counts, strict=False)
    classes = tuple(ClassCount(label=as_name(name), count=int(count)) for name, count in listed)
    return LabelProfile(field="the class of a box", class_count=len(pictures.class_names), classes=classes)


def _parts(pictures: BoxSet, parts: dict[str, npt.NDArray[np.int64]]) -> Iterator[PartProfile]:
    """Yield each part; its classes are counted by boxes."""
    owner = np.repeat(np.arange(len(pictures)), pictures.counts)
    for name, rows in parts.items():
        members = np.bincount(pictures.classes[np.isin(owner, rows)], minlength=len(pictures.class_names))
        yield PartProfile(name=name, rows=len(rows), class_counts=tuple(map(int, members[:MOST_CLASSES])))


def _problems(pictures: BoxSet, labels: LabelProfile, across: dict[tuple[str, str], int]) -> Iterator[str]:
    yield from copies_found(across, "pictures", "Remove them.")
    if len(pictures.class_names) > 1:
        yield from of_labels(labels, len(pictures.classes))
    bare = int(np.count_nonzero(pictures.counts == 0))
    if bare:
        yield f"{bare:,} of {len(pictures):,} pictures have no box: they teach what is nothing; check that it is so."
    measures = _measures(pictures)
    tiny = int(np.count_nonzero(np.minimum(measures["box width"], measures["box height"]) < _TINY))
    if tiny:
        yield f"{tiny:,} boxes are narrower than {_TINY} pixels: they are hard to find, or mistakes."
    if pictures.synthetic:
        yield "The data are synthetic: results on them say nothing about the world."
    for why, count in pictures.dropped.items():
        yield f"{count:,} left out: {why}."


def _written(pictures: BoxSet, workspace: Workspace) -> Iterator[PictureFile]:
    owner = np.repeat(np.arange(len(pictures)), pictures.counts)
    for number, name in enumerate(pictures.class_names[:MOST_SHEETS]):
        rows = np.unique(owner[pictures.classes == number])[:_EACH].tolist()
        path = file_name(number, name)
        with workspace.publishing(path) as draft:
            draft.write_bytes(as_small_png(_sheet(pictures, rows, side=_SIDE)))
        yield PictureFile(label=as_name(name), path=path)


def _first(pictures: BoxSet, count: int) -> list[int]:
    """Return the first pictures that have boxes."""
    return [int(row) for row in np.flatnonzero(pictures.counts)[:count]]


def _sheet(pictures: BoxSet, rows: Sequence[int], *, side: int) -> Image.Image:
    """Return pictures with their boxes side by side, each in its own shape on a square."""
    lines = max(1, -(-len(rows) // _ACROSS))
    sheet = Image.new("RGB", (_ACROSS * side, lines * side), (255, 255, 255))
    for at, row in enumerate(rows):
        shown = _in_shape(_drawn(pictures, row), Frame(*map(float, pictures.frames[row])), side - 4)
        sheet.paste(shown, (at % _ACROSS * side + 2, at // _ACROSS * side + 2))
    return sheet


def _drawn(pictures: BoxSet, row: int) -> Image.Image:
    boxes = [
        Drawn(tuple(map(float, box)), pictures.class_names[number], TRUE)
        for box, number in zip(*pictures.boxes_of(row), strict=True)
    ]
    return with_boxes(pictures.images[row], boxes)


def _in_shape(picture: Image.Image, frame: Frame, side: int) -> Image.Image:
    """Undo the stretching of a picture, within a square."""
    width, height = picture.width / frame.scale_x, picture.height / frame.scale_y
    scale = side / max(width, height)
    return picture.resize((max(1, round(width * scale)), max(1, round(height * scale))))
