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
from PIL import Image

from ml.boxes.box_set import BoxSet, Pixels, whole_frames
from ml.boxes.sprites import Sprites, Wardrobe, digits, garments, photographs

SCENES: Final = "synthetic/scenes"
DIGIT_SCENES: Final = "synthetic/digit-scenes"
_MOST_THINGS: Final = 3
_TRIES: Final = 20
_GAP: Final = 2
"""Pixels between two things."""
_INK: Final = 24
"""From this value on a pixel belongs to the thing."""
_TEST_PIECE: Final = 0.7
"""Scenes to train on show the photographs left of this share of their width, scenes to test on right of it."""
_CARE: Final = "CC BY 2.0 (the photographs, by danielbuechele and vultilion)"


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
        pieces = [_piece(photograph, part) for photograph in photographs()]
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
        licence=f"{wardrobe.licence} (the things), {_CARE}",
        synthetic=True,
        format="builtin",
        own_test_from=size.train,
    )


def _piece(photograph: Pixels, part: int) -> Pixels:
    border = int(photograph.shape[1] * _TEST_PIECE)
    return photograph[:, border:] if part else photograph[:, :border]


def _composed(
    things: Sprites, pieces: Sequence[Pixels], size: Size, random: np.random.Generator, *, mirrors: bool
) -> _Scene:
    canvas = _background(pieces, size.side, random)
    boxes: list[tuple[int, int, int, int]] = []
    classes: list[int] = []
    for _ in range(int(random.integers(1, _MOST_THINGS + 1))):
        row = int(random.integers(len(things.labels)))
        thing = _scaled(things.images[row], size, random, mirrors=mirrors)
        box = _free_place(thing, boxes, size.side, random)
        if box is not None:
            _paste(canvas, thing, box)
            boxes.append(box)
            classes.append(int(things.labels[row]))
    return _Scene(np.clip(canvas + 0.5, 0, 255).astype(np.uint8), boxes, classes)


def _background(pieces: Sequence[Pixels], side: int, random: np.random.Generator) -> npt.NDArray[np.float32]:
    """Return a piece of a photograph with another contrast and brightness, (side, side, 3)."""
    piece = pieces[int(random.integers(len(pieces)))]
    wide = int(random.integers(side, min(2 * side, *piece.shape[:2]) + 1))
    top, left = (int(random.integers(length - wide + 1)) for length in piece.shape[:2])
    cut = Image.fromarray(piece[top : top + wide, left : left + wide])
    pixels = np.asarray(cut.resize((side, side), Image.Resampling.BILINEAR), np.float32)
    contrast, brightness = random.uniform(0.5, 1.0), random.uniform(-30, 30)
    changed: npt.NDArray[np.float32] = (pixels - 128) * np.float32(contrast) + np.float32(128 + brightness)
    return changed


def _scaled(sprite: Pixels, size: Size, random: np.random.Generator, *, mirrors: bool) -> npt.NDArray[np.float32]:
    """Return a thing cut to its pixels, larger or smaller, maybe mirrored; (height, width) of 0 to 255."""
    side = int(random.integers(size.least, size.most + 1))
    grown = np.asarray(Image.fromarray(sprite).resize((side, side), Image.Resampling.BILINEAR), np.float32)
    if mirrors and random.random() < 0.5:
        grown = grown[:, ::-1]
    rows, columns = (np.flatnonzero((grown >= _INK).any(axis=axis)) for axis in (1, 0))
    cut: npt.NDArray[np.float32] = grown[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return cut


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


def _paste(canvas: npt.NDArray[np.float32], thing: npt.NDArray[np.float32], box: tuple[int, int, int, int]) -> None:
    """Lay the thing on the canvas; its rim, which is darker than ink, lets the photograph through."""
    left, top, right, bottom = box
    opaque = np.clip(thing / _INK, 0, 1)[..., None]
    below = canvas[top:bottom, left:right]
    canvas[top:bottom, left:right] = below * (1 - opaque) + thing[..., None] * opaque
