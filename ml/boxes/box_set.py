"""Pictures with boxes around what is on them, in memory, with the facts that go on a model's card."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ml.data.dataset import Labels
from ml.data.held_out_last import HeldOutLast
from ml.errors import InvalidData

Pixels: TypeAlias = npt.NDArray[np.uint8]
"""Pictures, shape (n, height, width, channels)."""
Boxes: TypeAlias = npt.NDArray[np.float32]
"""Shape (boxes, 4): left, top, right and bottom edge in pixels, from the upper left corner of the picture."""


@dataclass(frozen=True, slots=True, eq=False)
class BoxSet(HeldOutLast):
    """Checked pictures: each box has an area and lies in its picture. A picture may have none.

    Pictures that the data itself holds out come after all others, as in `ml.data.Dataset`.
    """

    source: str
    """As the spec names it."""
    images: Pixels
    boxes: Boxes
    """Of all pictures, those of one picture together."""
    classes: Labels
    """Of each box, shape (boxes,)."""
    firsts: npt.NDArray[np.int64]
    """Shape (n + 1,): picture `row` has the boxes from `firsts[row]` to `firsts[row + 1]`."""
    class_names: tuple[str, ...]
    names: tuple[str, ...]
    """Of the pictures: their files."""
    frames: npt.NDArray[np.float32]
    """Shape (n, 4): what brought x and y of the file here, `x * frame[0] + frame[1]` and `y * frame[2] + frame[3]`."""
    provenance: str
    licence: str
    synthetic: bool = False
    format: str = "coco"
    dropped: Mapping[str, int] = field(default_factory=dict)
    own_validation_from: int | None = None
    own_test_from: int | None = None
    digest: str = ""
    """SHA-256 of the content, in hexadecimal; reckoned where it is not given."""

    def __post_init__(self) -> None:
        if not self.digest:
            object.__setattr__(self, "digest", _content_digest(self))

    def __len__(self) -> int:
        return len(self.images)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Height, width and channels."""
        _, height, width, channels = self.images.shape
        return height, width, channels

    @property
    def counts(self) -> npt.NDArray[np.int64]:
        """Boxes of each picture, shape (n,)."""
        counted: npt.NDArray[np.int64] = np.diff(self.firsts)
        return counted

    def boxes_of(self, row: int) -> tuple[Boxes, Labels]:
        """Return boxes and classes of one picture."""
        mine = slice(int(self.firsts[row]), int(self.firsts[row + 1]))
        return self.boxes[mine], self.classes[mine]


def in_classes(pictures: BoxSet, names: tuple[str, ...]) -> BoxSet:
    """Return the same with the classes of a model, in its order; the data need not have all of them.

    Raises `InvalidData` for a class that the model does not know.
    """
    unknown = next((name for name in pictures.class_names if name not in names), None)
    if unknown is not None:
        raise InvalidData(
            f"{pictures.source} has boxes of {unknown}, and the model knows {', '.join(names)}.",
            remedy="Measure it on data with no other classes than those.",
            path=pictures.source,
        )
    numbers = np.array([names.index(name) for name in pictures.class_names], np.int64)
    return replace(pictures, classes=numbers[pictures.classes], class_names=names)


def whole_frames(count: int) -> npt.NDArray[np.float32]:
    """Return the frames of pictures that are as they were in their files."""
    return np.tile(np.array([1, 0, 1, 0], np.float32), (count, 1))


def _content_digest(pictures: BoxSet) -> str:
    head = (pictures.class_names, pictures.own_validation_from, pictures.own_test_from, pictures.images.shape)
    digest = hashlib.sha256(repr(head).encode())
    digest.update(np.ascontiguousarray(pictures.images).data)
    for array, kind in ((pictures.boxes, "<f4"), (pictures.classes, "<i8"), (pictures.firsts, "<i8")):
        digest.update(array.astype(kind).tobytes())
    return digest.hexdigest()
