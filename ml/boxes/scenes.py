"""`synthetic/scenes` and `synthetic/digit-scenes`: one to three real things laid on pieces of real photographs.

Each thing is scaled, mirrored and moved; its box is that of its pixels, to the pixel. No two touch. Scenes to test on
have things and pieces of photographs that no scene to train on has. A pure function of the seed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from ml.boxes.box_set import BoxSet, Pixels, whole_frames
from ml.boxes.collage import PHOTOGRAPHERS, as_bytes, background, paste, piece_of, scaled
from ml.boxes.sprites import Sprites, Wardrobe, digits, garments, photographs

SCENES: Final = "synthetic/scenes"
DIGIT_SCENES: Final = "synthetic/digit-scenes"
_MOST_THINGS: Final = 3
_TRIES: Final = 20
_GAP: Final = 2
"""Pixels between two things."""


@dataclass(frozen=True, slots=True)
class Size:
    """How many scenes there are, and how large they and the things on them are, in pixels."""

    train: int
    test: int
    side: int
    least: int
    most: int


@dataclass(frozen=True, slots=True, eq=False)
class _Scene:
    image: Pixels
    boxes: Sequence[tuple[int, int, int, int]]
    classes: Sequence[int]


def load_scenes() -> BoxSet:
    """Return 8,000 scenes of garments to train on, and 1,000 to test on, 96x96 pixels. Raises `InvalidData`."""
    return compose(SCENES, garments(), Size(8000, 1000, side=96, least=26, most=42), seed=0)


def load_digit_scenes() -> BoxSet:
    """Return 2,000 scenes of digits to train on, and 500 to test on, 64x64 pixels."""
    return compose(DIGIT_SCENES, digits(), Size(2000, 500, side=64, least=18, most=32), seed=0)


SYNTHETIC: Final[dict[str, Callable[[], BoxSet]]] = {SCENES: load_scenes, DIGIT_SCENES: load_digit_scenes}


def compose(source: str, wardrobe: Wardrobe, size: Size, *, seed: int) -> BoxSet:
    """Return scenes of these things; those to test on are the data's own test part."""
    scenes: list[_Scene] = []
    for part, (count, things) in enumerate(((size.train, wardrobe.train), (size.test, wardrobe.test))):
        pieces = [piece_of(photograph, part) for photograph in photographs()]
        random = np.random.Generator(np.random.PCG64([seed, part]))
        scenes += [_composed(things, pieces, size, random, mirrors=wardrobe.mirrors) for _ in range(count)]
    counts = [len(scene.boxes) for scene in scenes]
    return BoxSet(
        source=source,
        images=np.stack([scene.image for scene in scenes]),
        boxes=np.array([box for scene in scenes for box in scene.boxes], np.float32).reshape(-1, 4),
        classes=np.array([one for scene in scenes for one in scene.classes], np.int64),
        firsts=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        class_names=wardrobe.class_names,
        names=tuple(f"scene-{row:05d}" for row in range(len(scenes))),
        frames=whole_frames(len(scenes)),
        provenance=f"Synthetic: composed by Trainshed, seed {seed}, of {wardrobe.provenance}, on photographs that"
        " scikit-learn ships.",
        licence=f"{wardrobe.licence} (the things), {PHOTOGRAPHERS}",
        synthetic=True,
        format="builtin",
        own_test_from=size.train,
    )


def _composed(
    things: Sprites, pieces: Sequence[Pixels], size: Size, random: np.random.Generator, *, mirrors: bool
) -> _Scene:
    canvas = background(pieces, size.side, random)
    boxes: list[tuple[int, int, int, int]] = []
    classes: list[int] = []
    for _ in range(int(random.integers(1, _MOST_THINGS + 1))):
        row = int(random.integers(len(things.labels)))
        thing = scaled(things.images[row], (size.least, size.most), random, mirrors=mirrors)
        box = _free_place(thing, boxes, size.side, random)
        if box is not None:
            paste(canvas, thing, box)
            boxes.append(box)
            classes.append(int(things.labels[row]))
    return _Scene(as_bytes(canvas), boxes, classes)


def _free_place(
    thing: npt.NDArray[np.float32],
    taken: Sequence[tuple[int, int, int, int]],
    side: int,
    random: np.random.Generator,
) -> tuple[int, int, int, int] | None:
    """Return left, top, right and bottom where it touches nothing; None where no place was found."""
    height, width = thing.shape
    for _ in range(_TRIES):
        left, top = int(random.integers(side - width + 1)), int(random.integers(side - height + 1))
        box = (left, top, left + width, top + height)
        if not any(_touch(box, other) for other in taken):
            return box
    return None


def _touch(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> bool:
    return (
        one[0] < other[2] + _GAP and other[0] < one[2] + _GAP and one[1] < other[3] + _GAP and other[1] < one[3] + _GAP
    )
